// Reads a book as JSON and writes it as a file.
//
//   story_file FORMAT <book.json >file
//
// Standard error gets one line of JSON: {"media_type", "content_disposition"}, or {"refused"} with
// status 1.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/story/export/export.hpp"
#include "shared/story/export/file_name.hpp"

namespace {

int refuse(const fabula::Problem& problem) {
  std::string line;
  fabula::json::Writer(line).begin_object().key("refused").string(problem.detail).end_object();
  std::cerr << line << '\n';
  return 1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  const auto document = fabula::json::parse(input, fabula::json::LoneSurrogates::allowed);
  if (!document) return refuse(document.error());
  const auto book = fabula::story::read_book(*document);
  if (!book) return refuse(book.error());
  const auto file = fabula::story::export_book(*book, argument_count > 1 ? arguments[1] : "");
  if (!file) return refuse(file.error());
  std::string line;
  fabula::json::Writer(line)
      .begin_object()
      .key("media_type")
      .string(file->media_type)
      .key("content_disposition")
      .string(fabula::story::content_disposition(file->file_name))
      .end_object();
  std::cerr << line << '\n';
  std::cout << file->bytes;
  return 0;
}
