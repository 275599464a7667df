// Decides whether a single line, without white space at its ends, is a heading.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/dossier/import/heading_marks.hpp"
#include "shared/dossier/import/heading_vocabulary.hpp"

namespace fabula::dossier {

class HeadingLines {
 public:
  // "Chapter 1: The Sea", "CHAPTER THE FIRST", "Erstes Kapitel", "Глава вторая", "第一章",
  // "Epilogue", "Interlude II". A line within a paragraph must look even less like a
  // sentence.
  bool is_chapter(std::string_view line, bool is_within_paragraph) const;
  // The number in a line with only a number, as "IV.", "4", "- 4 -", "【四】" or "Four", or with a
  // number before a title, as "IV. The Sea"; 0 for other lines.
  std::size_t lone_number(std::string_view line) const;
  std::size_t number_of_title(std::string_view line) const;
  // Whether this key of front matter holds the text's title.
  bool is_title_key(std::string_view key) const;

 private:
  HeadingVocabulary vocabulary_;
};

// Whether the line's first letter is a small one, as where a sentence goes on.
bool begins_small(std::string_view line);

// As people read it: without Markdown's emphasis, escapes, breaks and ids of headings, and without
// HTML's tags around it.
std::string without_markup(std::string_view line);

}  // namespace fabula::dossier
