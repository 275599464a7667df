// Whether a text is in another language than the story.
#pragma once

#include <string_view>

namespace fabula::story {

// The language that most of the text is in, when it is clearly not `wanted` (a BCP 47 tag, or "");
// else "". Its beginning, middle and end are looked at, for a letter or a song may be foreign.
// Languages that are not told apart well are taken for the same. Any bytes may come.
std::string_view other_language_of(std::string_view text, std::string_view wanted);

}  // namespace fabula::story
