// The word for a person without a name, which takes the place of {{user}} in a character's texts.
#pragma once

#include <string_view>

namespace fabula::characters {

// The word in the language of the text, such as "User" or "Nutzer"; "" when the text is too short
// to tell its language, so that what was told of earlier ones holds. It is told by the script and
// by small words, and meant for whole sentences; `text` must be valid UTF-8.
std::string_view user_word(std::string_view text);

}  // namespace fabula::characters
