// Whether what somebody says is worth asking an extractor about: a cheap test before each call.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::dossier {

enum class Worth : std::uint8_t {
  nothing,  // thanks, praise, "go on", an emoji, a question about the program
  answer,   // a bare yes or no: it tells something only if something was asked
  told,     // it may say something of the story
};

// By small lists of words in the languages that most people write in, and by whether there is a
// number. A text in another language is worth a call: a call too many costs less than a fact that
// was not noticed. Looks at no more of the text than it needs to decide.
Worth worth_of(std::string_view utf8);

inline bool is_worth_extracting(std::string_view utf8) { return worth_of(utf8) == Worth::told; }

}  // namespace fabula::dossier
