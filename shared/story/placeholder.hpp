// Texts that stand where a model should have written something: "Scene title", "TBD", "...",
// "Character 1", "<description>".
#pragma once

#include <string_view>

namespace fabula::story {

bool is_placeholder(std::string_view text);

// A text that says only that there is nothing: "", "none", "N/A", "-". Some of the lists may be
// empty, and then this is no fault.
bool is_nothing(std::string_view text);

// A title that says nothing but its number: "Scene 3", "Kapitel 2:".
bool is_numbered_only(std::string_view text);

// The title without the number before it: "The Door" of "Scene 3: The Door"; else the text itself.
std::string_view without_number(std::string_view title);

}  // namespace fabula::story
