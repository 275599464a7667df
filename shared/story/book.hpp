// A project's story as one book: the input of the writers of files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::story {

struct BookScene {
  std::string part_id;
  std::int64_t number = 0;
  std::string title;
  std::string text;     // "" while the scene is not written
  json::Document plan;  // an object, or null
};

struct BookChapter {
  std::int64_t number = 0;
  std::string title;  // "" for the one chapter of a short story
  std::vector<BookScene> scenes;
};

// Texts are as stored: the writers clean and escape them.
struct Book {
  std::string project_id;  // a UUID in lower case
  std::string title;
  std::string author;
  std::string language;  // a BCP 47 tag, or ""
  std::string premise;
  std::string created_at;  // ISO 8601
  std::string updated_at;
  json::Document settings;
  std::vector<BookChapter> chapters;
  json::Document dossier;  // from `dossier::snapshot_json`, or null
};

// Reads the answer of `read_story_export`: an object with the names above. All members except
// `project_id` may be missing or null. Without `language` the settings' language counts.
// internal_error for an answer that is no book.
Result<Book> read_book(const json::Document& document);

}  // namespace fabula::story
