#include "shared/text/base64url.hpp"

#include <cstdint>

#include "shared/text/ascii.hpp"

namespace fabula::text {
namespace {

constexpr unsigned kBitsPerCharacter = 6;
constexpr unsigned kBitsPerByte = 8;

// The six bits of a character, or -1; `last_two` are the digits that differ between the alphabets.
constexpr int sextet(char c, std::string_view last_two) {
  if (is_upper(c)) return c - 'A';
  if (is_lower(c)) return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == last_two[0]) return 62;
  return c == last_two[1] ? 63 : -1;
}

// Writes no padding; `last_two` are the digits that differ between the alphabets.
std::string encode(std::string_view bytes, std::string_view last_two) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto append_digit = [&](std::string& text, std::uint32_t value) {
    const auto digit = value & 0x3FU;
    text += digit < kDigits.size() ? kDigits[digit] : last_two[digit - kDigits.size()];
  };
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);  // with room for the padding
  std::uint32_t bits = 0;                    // the lowest `held` bits are not written yet
  unsigned held = 0;
  for (const char c : bytes) {
    bits = (bits << kBitsPerByte) | static_cast<unsigned char>(c);
    held += kBitsPerByte;
    while (held >= kBitsPerCharacter) {
      held -= kBitsPerCharacter;
      append_digit(text, bits >> held);
    }
  }
  if (held > 0) append_digit(text, bits << (kBitsPerCharacter - held));
  return text;
}

// Reads a text without padding.
std::optional<std::string> decode(std::string_view text, std::string_view last_two) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = sextet(c, last_two);
    if (value < 0) return std::nullopt;
    bits = (bits << kBitsPerCharacter) | static_cast<std::uint32_t>(value);
    held += kBitsPerCharacter;
    if (held >= kBitsPerByte) {
      held -= kBitsPerByte;
      bytes += static_cast<char>((bits >> held) & 0xFFU);
    }
  }
  const std::uint32_t unused = bits & ((1U << held) - 1U);
  // A lone last character holds six bits: too few for a byte.
  if (held == kBitsPerCharacter || unused != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string encode_base64url(std::string_view bytes) { return encode(bytes, "-_"); }

std::string encode_base64(std::string_view bytes) {
  std::string text = encode(bytes, "+/");
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::optional<std::string> decode_base64url(std::string_view text) { return decode(text, "-_"); }

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  return decode(text, "+/");
}

}  // namespace fabula::text
