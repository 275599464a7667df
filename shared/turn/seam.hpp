// Joins a reply that broke off and its continuation. Models begin a continuation like any message:
// without the space that belongs there, or by repeating the last words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::turn {

class Seam {
 public:
  // `written` is the reply so far, in valid UTF-8; its end is kept. `known_text` is any text that
  // contains the conversation's words, such as its JSON; words in it help to decide whether the
  // reply broke off inside a word.
  Seam(std::string_view written, std::string_view known_text);

  // A model begins the continuation. `goes_on_verbatim`: it continues the reply itself, so no space
  // is missing and nothing is repeated.
  void begin(bool goes_on_verbatim);

  // Takes the next part of the continuation, whole characters; returns the text that certainly
  // follows the reply. It may keep some words until it is clear whether they are a repetition.
  std::string add(std::string_view text);

  // The continuation has ended: returns the kept words.
  std::string finish();

 private:
  std::string joined(bool is_over);
  bool needs_space(std::string_view continuation) const;

  std::string end_;  // of the reply
  std::string known_text_;
  std::string kept_;
  bool goes_on_verbatim_ = false;
  bool is_joined_ = false;
};

}  // namespace fabula::turn
