// Single characters of valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fabula::story {

// The character at byte `at`; `utf8` must be valid and `at` before its end.
std::uint32_t code_point_at(std::string_view utf8, std::size_t at);

// The character that ends before `end`, which must not be 0.
std::uint32_t code_point_before(std::string_view utf8, std::size_t end);

// White space in Markdown's rules for asterisks.
bool is_white_space(std::uint32_t code_point);

// ASCII punctuation and symbols, and the quotation marks, dashes, brackets and stops of other
// scripts; never a letter.
bool is_punctuation(std::uint32_t code_point);

}  // namespace fabula::story
