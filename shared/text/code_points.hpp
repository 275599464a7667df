// The characters of a text as numbers.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/text/utf8_repair.hpp"

namespace fabula::text {

inline constexpr char32_t kReplacementCodePoint = 0xFFFD;

// Returns the code point at `at`, which is inside the text, and moves `at` past it. Each part of an
// ill-formed sequence is one kReplacementCodePoint.
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
  const char* const begin = text.data() + at;
  const auto step = utf8_step(begin, text.data() + text.size());
  at += step.bytes;
  if (!step.is_valid) return kReplacementCodePoint;
  const auto byte = [begin](std::size_t i) { return static_cast<unsigned char>(begin[i]); };
  if (step.bytes == 1) return byte(0);
  char32_t point = byte(0) & (0x7FU >> step.bytes);
  for (std::size_t i = 1; i < step.bytes; ++i) point = (point << 6U) | (byte(i) & 0x3FU);
  return point;
}

}  // namespace fabula::text
