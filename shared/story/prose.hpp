// Removes a model's talk from its prose: its words to the person before and after the story. Never
// removes anything in between, or a word of the story itself.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

// Views into the reply; `before + text + behind` is the reply except white space and thoughts.
struct Prose {
  std::string_view text;
  std::string_view before;  // "Sure! Here is the scene:", "## Scene 3", "```"
  std::string_view behind;  // "Would you like me to continue?", "[End of scene]", "(512 words)"

  bool is_trimmed() const { return !before.empty() || !behind.empty(); }
};

// The titles that the prose was requested for; any may be "". A first line that is one of them is a
// heading, whatever its form.
struct ProseTitles {
  std::string_view scene;
  std::string_view chapter;
  std::string_view story;
};

// A sentence is talk only if it must come from a writer addressing the requester; speech in the
// story (in quotation marks, after a dash, with "he said") never is, nor "Sure!" or a rule alone.
// `reply` may be any bytes. Takes time in proportion to it.
Prose trim_talk(std::string_view reply, const ProseTitles& titles = {});

// A text whose last sentence is unfinished, cut to its last whole sentence.
struct WholeSentences {
  std::string_view text;
  std::string_view cut;  // "" when the text ended with a whole sentence

  bool is_cut() const { return !cut.empty(); }
};

// The whole text is `text` when it contains no end of a sentence.
WholeSentences whole_sentences(std::string_view text);
// Whether the text ends with the end of a sentence, or a closing line such as THE END.
bool ends_with_whole_sentence(std::string_view text);

}  // namespace fabula::story
