// The emphasis marks in a paragraph, as models and people write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

struct Span {
  std::string text;  // never empty; "\n" is a line break within the paragraph
  bool is_emphasised = false;
  bool is_strong = false;

  bool operator==(const Span&) const = default;
};

using Spans = std::vector<Span>;

// *emphasis*, **strong**, ***both***, the same with underscores, and \* for the character itself.
// Unpaired marks, and all other Markdown, are text. `paragraph` must be clean. Takes time in
// proportion to its length.
Spans read_inline_marks(std::string_view paragraph);

// The text without the marks.
std::string plain(const Spans& spans);

}  // namespace fabula::story
