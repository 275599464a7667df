// Checks UTF-8, and cuts text without cutting a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace fabula::text {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

// The longest prefix of at most `maximum_bytes` that does not end inside a character.
std::string_view prefix_bytes(std::string_view text, std::size_t maximum_bytes);

// The number of code points; `text` must be valid.
std::size_t count_code_points(std::string_view text);

// The first `count` code points; `text` must be valid.
std::string_view prefix_code_points(std::string_view text, std::size_t count);

}  // namespace fabula::text
