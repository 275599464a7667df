// The word for a person without a name, which replaces {{user}} in a character's texts.
#pragma once

#include <string_view>

namespace fabula::characters {

// The word in the language of the text, such as "User" or "Nutzer"; "" when the text is too short
// to tell its language, so that the word for earlier texts stays. The script and common small words
// decide, so the text should have whole sentences; `text` must be valid UTF-8.
std::string_view user_word(std::string_view text);

}  // namespace fabula::characters
