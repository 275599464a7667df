#include "shared/text/uuid.hpp"

#include <cstddef>

#include "shared/text/ascii.hpp"
#include "shared/text/hex.hpp"

namespace fabula::text {
namespace {

constexpr std::size_t kUuidCharacters = 36;

constexpr bool is_hyphen_position(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<std::string> normalize_uuid(std::string_view text) {
  if (text.size() != kUuidCharacters) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_right = is_hyphen_position(i) ? text[i] == '-' : hex_digit_value(text[i]) >= 0;
    if (!is_right) return std::nullopt;
  }
  return to_lower(text);
}

std::string make_uuid_v4(const std::array<std::uint8_t, 16>& random_bytes) {
  std::string bytes(random_bytes.begin(), random_bytes.end());
  bytes[6] = static_cast<char>((random_bytes[6] & 0x0FU) | 0x40U);  // version 4
  bytes[8] = static_cast<char>((random_bytes[8] & 0x3FU) | 0x80U);  // the variant of RFC 9562
  auto uuid = encode_hex(bytes);
  for (const std::size_t position : {8U, 13U, 18U, 23U}) uuid.insert(position, 1, '-');
  return uuid;
}

}  // namespace fabula::text
