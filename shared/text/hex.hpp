// Bytes as hexadecimal digits (RFC 4648, section 8).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fabula::text {

// Lower case, two digits per byte.
std::string encode_hex(std::string_view bytes);

// Accepts both cases; nothing for an odd length or any other character.
std::optional<std::string> decode_hex(std::string_view digits);

}  // namespace fabula::text
