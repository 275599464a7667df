// The words of a text as the guards compare them: folded, with their places.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

struct Word {
  std::string folded;     // dossier::fold's; of scripts without spaces one character
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
  bool is_capital = false;    // an ASCII capital letter first
  bool is_character = false;  // of a script that does not space words: kana, Han, Thai and the like
};

// Any bytes may come. What follows an apostrophe belongs to the word ("don't"); everything else
// that is no letter or digit separates.
std::vector<Word> read_words(std::string_view text);

// Folded words with one blank before and after each, for looking up phrases: " here's the scene ".
std::string as_phrase(std::string_view text);

// The common part of a folded word's forms, roughly.
std::string stem_of(std::string_view folded);

// A word that stands in most sentences (of English, German, French, Spanish, Italian, Portuguese).
bool is_common_word(std::string_view folded);

}  // namespace fabula::story
