// Measures how much of a new text repeats earlier ones: models that lose the thread write the
// previous scene again.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace fabula::story {

// A novel's normal refrains, letters and names stay below this share.
inline constexpr double kMostRepeated = 0.025;
// Shorter paragraphs may be repeated ("Yes," she said.).
inline constexpr std::size_t kFewestParagraphWords = 12;

struct Repeats {
  // The share of the text's sequences of eight words (sixteen characters where words have no
  // spaces) that occur in an earlier text; 0 for a text shorter than one sequence.
  double share = 0;
  std::string_view example;  // the longest repeated passage of the text, at most 200 bytes
  // Paragraphs with more than kFewestParagraphWords words that occur in an earlier text, or twice
  // in this one; views into the text.
  std::vector<std::string_view> paragraphs;

  bool is_finding() const { return share > kMostRepeated || !paragraphs.empty(); }
};

// Ignores case, punctuation and typography. Accepts any bytes.
Repeats find_repeats(std::string_view text, std::span<const std::string_view> earlier);

}  // namespace fabula::story
