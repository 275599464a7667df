// Single characters of valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fabula::story {

// The character that begins at `at`; `utf8` must be valid and `at` before its end.
std::uint32_t code_point_at(std::string_view utf8, std::size_t at);

// The character that ends before `end`, which must not be 0.
std::uint32_t code_point_before(std::string_view utf8, std::size_t end);

// White space as Markdown sees it beside an asterisk.
bool is_white_space(std::uint32_t code_point);

// Punctuation marks and symbols of ASCII, and the quotation marks, dashes, brackets and stops of
// other scripts. Letters of no script are among them.
bool is_punctuation(std::uint32_t code_point);

}  // namespace fabula::story
