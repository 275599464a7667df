// How much of a new text stood in earlier ones already: models that have lost the thread write the
// previous scene again.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace fabula::story {

// A novel's own refrains, letters and names stay below this.
inline constexpr double kMostRepeated = 0.025;
// Paragraphs of fewer words may stand twice ("Yes," she said.).
inline constexpr std::size_t kFewestParagraphWords = 12;

struct Repeats {
  // The share of the text's runs of eight words (of sixteen characters where words are not spaced)
  // that stands in one of the earlier texts; 0 for a text shorter than one run.
  double share = 0;
  std::string_view example;  // the longest repeated passage of the text, at most 200 bytes
  // Paragraphs of more than kFewestParagraphWords words that stand in an earlier text, or twice in
  // this one; views into the text.
  std::vector<std::string_view> paragraphs;

  bool is_finding() const { return share > kMostRepeated || !paragraphs.empty(); }
};

// Case, punctuation and typography do not matter. Any bytes may come.
Repeats find_repeats(std::string_view text, std::span<const std::string_view> earlier);

}  // namespace fabula::story
