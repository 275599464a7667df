// Detects placeholders where a model should have written text: "Scene title", "TBD", "...",
// "Character 1", "<description>".
#pragma once

#include <string_view>

namespace fabula::story {

bool is_placeholder(std::string_view text);

// A text that only says that there is nothing: "", "none", "N/A", "-". This is no fault in lists
// that may be empty.
bool is_nothing(std::string_view text);

// A title with nothing but its number: "Scene 3", "Kapitel 2:".
bool is_numbered_only(std::string_view text);

// The title without a number before it: "The Door" for "Scene 3: The Door"; else the text itself.
std::string_view without_number(std::string_view title);

}  // namespace fabula::story
