// Which lines of a text begin a chapter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/text.hpp"

namespace fabula::dossier {

struct ImportLine {
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;    // without the line's end
};

struct ImportHeading {
  std::size_t begin = 0;  // the heading's first line
  std::size_t end = 0;    // behind its last one
  std::size_t level = 1;  // Markdown's: 1 to 6
  std::string title;
};

struct ImportHeadings {
  std::size_t begin = 0;                // where the text begins, behind front matter
  std::string title;                    // the front matter's, or ""
  std::vector<ImportHeading> headings;  // in their order, of all levels
  std::vector<ImportHeading> breaks;    // lines of asterisks and the like, without a title
};

// `text` has LF as the end of lines.
ImportHeadings find_headings(std::string_view text, ImportFormat format);

// For find_headings, each of one trimmed line.
// "Chapter 1: The Sea", "CHAPTER ONE", "第一章", "Epilogue".
bool is_chapter_line(std::string_view line);
// The number that stands alone, as "IV.", "4" or "4)"; 0 when it is something else.
std::size_t lone_number(std::string_view line);
// "* * *", "***", "---", "~~~~", "⁂", "#".
bool is_break_line(std::string_view line);

}  // namespace fabula::dossier
