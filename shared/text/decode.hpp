// Decodes a file's bytes as text.
#pragma once

#include <optional>
#include <string>

namespace fabula::text {

// The text in UTF-8, without a byte-order mark, of bytes in UTF-8 or in UTF-16 of either order,
// with a byte-order mark or without one: then it is known by its spaces, line ends and other
// characters of ASCII. Nothing when the bytes are no such text, or have U+0000 in them.
std::optional<std::string> decode_text(std::string bytes);

}  // namespace fabula::text
