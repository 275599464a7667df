// The words of a name as it was typed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::dossier {

struct NameWord {
  std::string text;            // folded, without stops and quotes around it
  bool is_lower = false;       // began with a small letter
  bool is_possessive = false;  // had 's, which is not in `text`
};

// Turns "Holt, Anna Maria" into "Anna Maria Holt"; keeps "Holt, Jr." and "Tom, the cat".
std::string in_order(std::string_view utf8);

// At most kMaximumNameWords.
std::vector<NameWord> split_words(std::string_view utf8);

// The number of a folded word: "III" and "the third" are 3, "junior" 2, "senior" 1; 0: no numeral.
std::uint8_t numeral_of(std::string_view word);

}  // namespace fabula::dossier
