// The YAML at the head of a Markdown file.
#pragma once

#include <string>
#include <string_view>

#include "shared/story/book.hpp"

namespace fabula::story {

// Title, author, language, premise, date and identifier, with the lines of dashes around them.
std::string front_matter(const Book& book, std::string_view title);

}  // namespace fabula::story
