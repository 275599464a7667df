// Finds the lines of a text that begin a chapter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/heading_lines.hpp"
#include "shared/dossier/import/text.hpp"

namespace fabula::dossier {

struct ImportLine {
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;    // without the line's end
};

std::vector<ImportLine> lines_of(std::string_view text);

// YAML between two lines of dashes at the beginning: each line that is not indented is a member, an
// item or a comment, no member is repeated, and at least one is usual in texts, such as the title.
// A scene between two rules is no front matter.
struct FrontMatter {
  std::size_t lines = 0;  // 0: no front matter
  std::string title;      // "": no title
};
FrontMatter read_front_matter(std::string_view text, const std::vector<ImportLine>& lines,
                              const HeadingLines& heading_lines);

struct ImportHeading {
  std::size_t begin = 0;  // the heading's first line
  std::size_t end = 0;    // the end of its last line
  std::size_t level = 1;  // Markdown's level, 1 to 6
  std::string title;
};

struct ImportHeadings {
  std::size_t begin = 0;                // where the text begins, after front matter
  std::string title;                    // the title in the front matter, or ""
  std::vector<ImportHeading> headings;  // of all levels, in text order
  std::vector<ImportHeading> breaks;    // lines like "***", without a title
};

// `text` has LF as the end of lines.
ImportHeadings find_headings(std::string_view text, ImportFormat format);

}  // namespace fabula::dossier
