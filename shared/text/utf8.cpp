#include "shared/text/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace fabula::text {
namespace {

constexpr std::size_t kWordBytes = 8;

// How many of the first bytes are ASCII, found eight at a time.
std::size_t ascii_prefix_bytes(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t i = 0;
  while (i + kWordBytes <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, kWordBytes);
    if ((word & kHighBits) != 0) break;
    i += kWordBytes;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

constexpr bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

// The length of the well-formed sequence at the beginning of `text` (Unicode, table 3-7), or 0. The
// second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;

  unsigned char lowest = 0x80;
  unsigned char highest = 0xBF;
  if (lead == 0xE0) lowest = 0xA0;
  if (lead == 0xED) highest = 0x9F;
  if (lead == 0xF0) lowest = 0x90;
  if (lead == 0xF4) highest = 0x8F;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte(i))) return 0;
  }
  return length;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_prefix_bytes(text));
    if (text.empty()) return true;
    // Non-ASCII characters rarely occur alone.
    while (!text.empty() && static_cast<unsigned char>(text[0]) >= 0x80) {
      const auto length = sequence_bytes(text);
      if (length == 0) return false;
      text.remove_prefix(length);
    }
  }
}

std::string_view prefix_bytes(std::string_view text, std::size_t maximum_bytes) {
  if (text.size() <= maximum_bytes) return text;
  std::size_t end = maximum_bytes;
  while (end > 0 && is_continuation(static_cast<unsigned char>(text[end]))) --end;
  return text.substr(0, end);
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    if (!is_continuation(static_cast<unsigned char>(c))) ++count;
  }
  return count;
}

std::string_view prefix_code_points(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (is_continuation(static_cast<unsigned char>(text[end]))) continue;
    if (count == 0) break;
    --count;
  }
  return text.substr(0, end);
}

}  // namespace fabula::text
