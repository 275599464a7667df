// Detects text in another language than the story's.
#pragma once

#include <string_view>

namespace fabula::story {

// The language of most of the text, when it is clearly not `wanted` (a BCP 47 tag, or ""); else "".
// It samples the beginning, middle and end, because a letter or a song may be foreign. Languages
// that are hard to distinguish count as the same. Accepts any bytes.
std::string_view other_language_of(std::string_view text, std::string_view wanted);

}  // namespace fabula::story
