// A model's prose without the model: what it said to the person before and behind the story is
// taken away, never anything between, and never a word of the story itself.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

// Views into the reply; `before + text + behind` is the reply but for white space and thoughts.
struct Prose {
  std::string_view text;
  std::string_view before;  // "Sure! Here is the scene:", "## Scene 3", "```"
  std::string_view behind;  // "Would you like me to continue?", "[End of scene]", "(512 words)"

  bool is_trimmed() const { return !before.empty() || !behind.empty(); }
};

// The titles that the prose was asked for under; any may be "". A first line that is one of them
// is a heading, whatever its form.
struct ProseTitles {
  std::string_view scene;
  std::string_view chapter;
  std::string_view story;
};

// Sentences are talk when only one who writes for another says them; what somebody says in the
// story (in quotation marks, behind a dash, with "he said") never is, and "Sure!" or a rule alone
// neither. `reply` may be any bytes. Takes time in proportion to it.
Prose trim_talk(std::string_view reply, const ProseTitles& titles = {});

// A text that does not end with a sentence, cut to its last whole one.
struct WholeSentences {
  std::string_view text;
  std::string_view cut;  // "" when the text ended whole

  bool is_cut() const { return !cut.empty(); }
};

// All of the text is `text` when there is no end of a sentence in it.
WholeSentences whole_sentences(std::string_view text);

}  // namespace fabula::story
