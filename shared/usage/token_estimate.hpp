// Tokens of texts whose number nobody has reported.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fabula::usage {

inline constexpr std::size_t kBytesPerToken = 4;

// An upper estimate for a text of this many bytes, the same as the database's
// private.estimate_tokens: one token for each four bytes, and four for a message's frame; none for
// an empty text.
constexpr std::int64_t estimate_tokens(std::size_t bytes) {
  constexpr std::int64_t kFrameTokens = 4;
  if (bytes == 0) return 0;
  return static_cast<std::int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken) + kFrameTokens;
}

}  // namespace fabula::usage
