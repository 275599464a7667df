// The words of a text for the guards' comparisons: folded, with their positions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

struct Word {
  std::string folded;     // from dossier::fold; in scripts without spaces one character
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
  bool is_capital = false;  // begins with an ASCII capital letter
  // In a script without spaces between words: kana, Han, Thai and the like.
  bool is_character = false;
};

// Accepts any bytes. Letters after an apostrophe belong to the word ("don't"); every other
// character that is no letter or digit separates words.
std::vector<Word> read_words(std::string_view text);

// Folded words with one blank before and after each, for looking up phrases: " here's the scene ".
std::string as_phrase(std::string_view text);

// The approximate stem of a folded word's forms.
std::string stem_of(std::string_view folded);

// A word that occurs in most sentences (of English, German, French, Spanish, Italian, Portuguese).
bool is_common_word(std::string_view folded);

}  // namespace fabula::story
