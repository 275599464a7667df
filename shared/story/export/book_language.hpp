// A book's language in the form that files use.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

inline constexpr std::string_view kUndeterminedLanguage = "und";

// The normalized BCP 47 tag, or kUndeterminedLanguage for a text that is no tag.
std::string book_language(std::string_view language);

// Whether the language, or the script that the tag names, is written from right to left.
bool is_right_to_left(std::string_view tag);

}  // namespace fabula::story
