// Pieces of HTML that are XML too: for the page and for the book.
#pragma once

#include <string>
#include <string_view>

#include "shared/story/export/blocks.hpp"

namespace fabula::story {

// Appends clean text as the content of an element or of an attribute in double quotes.
void append_escaped(std::string& out, std::string_view clean);
std::string escaped(std::string_view clean);

// Paragraphs, quotes, headings of the given level (1 to 6) and scene breaks, one on a line. What
// follows a break or begins the chapter has the class "first".
void append_blocks(std::string& out, const Blocks& blocks, int heading_level);

// ` lang="he" xml:lang="he" dir="rtl"`, with the last one only where it is needed; an undetermined
// language is "". `with_xml`: whether xml:lang is there.
std::string language_attributes(std::string_view tag, bool with_xml);

// How a text looks, by its language; for screens, paper and readers of books. Margins and indents
// follow the direction of writing, so that they fit vertical text as well.
std::string_view book_style();

}  // namespace fabula::story
