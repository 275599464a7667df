#include "shared/story/export/front_matter.hpp"

#include "shared/json/text.hpp"
#include "shared/story/export/book_language.hpp"
#include "shared/story/export/clean.hpp"
#include "shared/story/export/manuscript.hpp"

namespace fabula::story {
namespace {

// A JSON string of clean text is a YAML string too.
void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ");
  json::append_string(out, value);
  out.push_back('\n');
}

}  // namespace

std::string front_matter(const Book& book, std::string_view title) {
  std::string out = "---\n";
  append_member(out, "title", title);
  append_member(out, "author", clean_line(book.author));
  append_member(out, "lang", book_language(book.language));
  append_member(out, "description", clean_line(book.premise));
  append_member(out, "date", modified_at(book));
  append_member(out, "identifier", "urn:uuid:" + book.project_id);
  return out.append("---\n");
}

}  // namespace fabula::story
