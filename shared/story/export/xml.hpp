// Writes HTML that is also XML, for the page and for the book.
#pragma once

#include <string>
#include <string_view>

#include "shared/story/export/blocks.hpp"

namespace fabula::story {

// Appends clean text, escaped for an element's content or an attribute in double quotes.
void append_escaped(std::string& out, std::string_view clean);
std::string escaped(std::string_view clean);

// Appends paragraphs, quotes, headings of the given level (1 to 6) and scene breaks, one per line.
// A block that follows a break or begins the chapter has the class "first".
void append_blocks(std::string& out, const Blocks& blocks, int heading_level);

// ` lang="he" xml:lang="he" dir="rtl"`, with `dir` only where it is needed; an undetermined
// language is "". `with_xml`: whether to include xml:lang.
std::string language_attributes(std::string_view tag, bool with_xml);

// The style sheet for screens, paper and e-readers. Margins and indents follow the direction of
// writing, so that they fit vertical text as well.
std::string_view book_style();

}  // namespace fabula::story
