// A book as readers see it: cleaned, without unwritten parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/book.hpp"
#include "shared/story/export/blocks.hpp"

namespace fabula::story {

// The words of a title on one line, without Markdown's marks.
std::string plain_title(std::string_view title);

// The book's title; without one, a title made from its premise. Never empty.
std::string book_title(const Book& book);

// The blocks of a scene's text, without a first line that only repeats one of the titles.
Blocks scene_blocks(const BookScene& scene, const BookChapter& chapter);

struct ManuscriptChapter {
  std::string heading;  // its title, else its number; "" for an only chapter without a title
  Blocks blocks;        // its scenes, with scene breaks between them; never empty
};

std::vector<ManuscriptChapter> manuscript_chapters(const Book& book);

// The same heading, for any chapter of the book.
std::string chapter_heading(const Book& book, const BookChapter& chapter);

// "2026-11-29T20:42:57Z": when the book was last changed, else created; the year 2000 if neither is
// known, so that files never depend on the clock.
std::string modified_at(const Book& book);

}  // namespace fabula::story
