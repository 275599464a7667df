// Marks at the ends of lines, around headings and between scenes.
#pragma once

#include <string_view>

namespace fabula::dossier {

// A line that ends so goes on or is a sentence.
inline constexpr std::string_view kUnfinishedEnds = ". , ; 。 ， 、 ； ．";

// The word of the list that the text begins with; the longest one, or "".
std::string_view begin_of(std::string_view text, std::string_view list);
bool ends_with_any(std::string_view text, std::string_view list);

// Headings stand between such marks, as "[Chapter 1]", "=== 3 ===" and "【第一章】", or behind the
// marks of Markdown, as "# Chapter 1".
std::string_view without_frame(std::string_view line);

// "* * *", "***", "---", "~~~~", "⁂", "#".
bool is_break_line(std::string_view line);

// Without white space at its ends, of every kind.
std::string_view without_blanks(std::string_view line);

}  // namespace fabula::dossier
