// One writer for each format; each returns the file's bytes.
#pragma once

#include <string>

#include "shared/story/book.hpp"

namespace fabula::story {

std::string write_markdown(const Book& book);  // CommonMark, with YAML front matter
std::string write_plain_text(const Book& book);
std::string write_html(const Book& book);  // one page that loads nothing
std::string write_fountain(const Book& book);
std::string write_epub(const Book& book);  // EPUB 3
std::string write_json(const Book& book);  // everything the book has, texts unchanged
// The dossier as Markdown for readers: people, places, objects, themes, plot, open questions.
std::string write_bible(const Book& book);

}  // namespace fabula::story
