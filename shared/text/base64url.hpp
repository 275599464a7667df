// The URL-safe base64 of JOSE (RFC 4648, section 5; RFC 7515, section 2), without padding, and the
// usual one (section 4), with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fabula::text {

std::string encode_base64url(std::string_view bytes);
std::string encode_base64(std::string_view bytes);

// Strict, so that each byte string has one spelling: padding, white space, any other character, an
// impossible length, or unused bits that are not zero give nothing.
std::optional<std::string> decode_base64url(std::string_view text);

// Decodes encode_base64's form, equally strict, but padding may be left out.
std::optional<std::string> decode_base64(std::string_view text);

constexpr bool is_base64url_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace fabula::text
