// Whether a message is worth a call of the extractor: a cheap test before each call.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::dossier {

enum class Worth : std::uint8_t {
  nothing,  // thanks, praise, "go on", an emoji, a question about the program
  answer,   // a bare yes or no: it says something only after a question
  told,     // it may say something about the story
};

// Uses small lists of words in the most widely used languages, and whether there is a number. A
// text in another language is worth a call: a call too many costs less than a missed fact. Reads no
// more of the text than it needs to decide.
Worth worth_of(std::string_view utf8);

inline bool is_worth_extracting(std::string_view utf8) { return worth_of(utf8) == Worth::told; }

}  // namespace fabula::dossier
