#include "shared/text/integer.hpp"

#include <array>
#include <limits>

#include "shared/text/ascii.hpp"

namespace fabula::text {

std::optional<std::uint64_t> parse_natural(std::string_view digits) {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kLargest - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const auto size = parse_natural(text.substr(is_negative ? 1 : 0));
  const std::uint64_t limit = std::uint64_t{1} << 63;
  if (!size || *size > (is_negative ? limit : limit - 1)) return std::nullopt;
  return static_cast<std::int64_t>(is_negative ? 0 - *size : *size);
}

void append_natural(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  std::size_t first = digits.size();
  do {
    digits[--first] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(digits.data() + first, digits.size() - first);
}

void append_integer(std::string& out, std::int64_t value) {
  if (value < 0) out.push_back('-');
  const auto bits = static_cast<std::uint64_t>(value);
  append_natural(out, value < 0 ? 0 - bits : bits);
}

std::string integer_text(std::int64_t value) {
  std::string text;
  append_integer(text, value);
  return text;
}

}  // namespace fabula::text
