// Numbers in headings: digits, Roman numerals and words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/heading_vocabulary.hpp"

namespace fabula::dossier {

// Where a number stands alone, larger ones are years.
inline constexpr std::size_t kMaximumHeadingNumber = 999;
// Where a word says that it is a chapter's.
inline constexpr std::size_t kMaximumChapterNumber = 99'999;
// A word, or a mark such as "." alone.
struct HeadingWord {
  std::string folded;
  std::size_t begin = 0;  // bytes of the line
  std::size_t end = 0;
  bool is_mark = false;
  bool is_lower = false;  // its first letter is lower case
};

// "Chapter.001: The Sea" is five words and marks. Hyphens between letters belong to their word.
std::vector<HeadingWord> heading_words(std::string_view line);

enum class NumberKind : unsigned char { digits, ordinal_digits, roman, cardinal, ordinal };

struct HeadingNumber {
  std::size_t value = 0;  // 1 to kMaximumChapterNumber
  std::size_t next = 0;   // the word behind it
  NumberKind kind = NumberKind::digits;
};

// The number at words[at], in the words of a language (an index of kHeadingLanguages).
std::optional<HeadingNumber> heading_number(const HeadingVocabulary& vocabulary,
                                            const std::vector<HeadingWord>& words, std::size_t at,
                                            std::size_t language);

// The value of a number in Chinese, Sino-Korean or Arabic digits (also full-width) at the beginning
// of `text`, and its length in bytes, including spaces within it. 0: no number.
struct EastAsianNumber {
  std::size_t value = 0;
  std::size_t bytes = 0;
};
EastAsianNumber east_asian_number(std::string_view text);

// The value of a Korean number, "셋" or "열둘", that is all of `text`; 0: it is none.
std::size_t korean_number(std::string_view text);

}  // namespace fabula::dossier
