// Repairs UTF-8 of unknown quality like the Encoding Standard's decoder: each maximal part of an
// ill-formed sequence becomes one U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::text {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

struct Utf8Step {
  std::size_t bytes;  // 1..4
  bool is_valid;
};

// The step at `at` (which is before `end`): one whole character, or the bytes that one U+FFFD
// replaces.
Utf8Step utf8_step(const char* at, const char* end);

// Appends `bytes` with ill-formed parts replaced.
void append_repaired(std::string& out, std::string_view bytes);

}  // namespace fabula::text
