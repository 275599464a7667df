// Decodes a file's bytes as text.
#pragma once

#include <optional>
#include <string>

namespace fabula::text {

// The text in UTF-8 without a byte-order mark, from bytes in UTF-8 or, with a byte-order mark, in
// UTF-16 of either order. Nothing when the bytes are no such text, or contain U+0000.
std::optional<std::string> decode_text(std::string bytes);

}  // namespace fabula::text
