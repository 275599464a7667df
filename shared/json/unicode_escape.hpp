// The escape \uXXXX of JSON strings, which names a UTF-16 code unit: half of a character above
// U+FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/text/ascii.hpp"

namespace fabula::json {

inline constexpr std::size_t kUnicodeEscapeBytes = 6;

constexpr bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
constexpr bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// The code unit of the escape that begins at `at`; nothing if there is none.
inline std::optional<std::uint32_t> unicode_escape(const char* at, const char* end) {
  if (end - at < static_cast<std::ptrdiff_t>(kUnicodeEscapeBytes) || at[0] != '\\' ||
      at[1] != 'u') {
    return std::nullopt;
  }
  std::uint32_t unit = 0;
  for (std::size_t i = 2; i < kUnicodeEscapeBytes; ++i) {
    const int digit = text::hex_digit_value(at[i]);
    if (digit < 0) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return unit;
}

}  // namespace fabula::json
