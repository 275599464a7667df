#include "shared/story/book.hpp"

#include <string_view>
#include <utility>

#include "shared/text/uuid.hpp"

namespace fabula::story {
namespace {

std::string text_of(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

json::Document copy_of(const json::Document& object, std::string_view key) {
  const auto* member = json::find(object, key);
  return member == nullptr ? json::Document() : *member;
}

const json::Document::array_t& items_of(const json::Document& object, std::string_view key) {
  static const json::Document::array_t kNone;
  const auto* member = json::find(object, key);
  const auto* items =
      member == nullptr ? nullptr : member->get_ptr<const json::Document::array_t*>();
  return items == nullptr ? kNone : *items;
}

BookScene read_scene(const json::Document& document, std::int64_t position) {
  BookScene scene;
  scene.part_id = text_of(document, "part_id");
  scene.number = json::integer_at(document, "number").value_or(position);
  scene.title = text_of(document, "title");
  scene.text = text_of(document, "text");
  scene.plan = copy_of(document, "plan");
  return scene;
}

BookChapter read_chapter(const json::Document& document, std::int64_t position) {
  BookChapter chapter;
  chapter.number = json::integer_at(document, "number").value_or(position);
  chapter.title = text_of(document, "title");
  std::int64_t scene_position = 0;
  for (const auto& scene : items_of(document, "scenes")) {
    chapter.scenes.push_back(read_scene(scene, ++scene_position));
  }
  return chapter;
}

}  // namespace

Result<Book> read_book(const json::Document& document) {
  const auto project_id = text::normalize_uuid(text_of(document, "project_id"));
  if (!project_id) {
    return problem(ErrorCode::internal_error, "The story could not be read. Try again later.",
                   "read_story_export answered without a project_id");
  }
  Book book;
  book.project_id = *project_id;
  book.title = text_of(document, "title");
  book.author = text_of(document, "author");
  book.language = text_of(document, "language");
  book.premise = text_of(document, "premise");
  book.created_at = text_of(document, "created_at");
  book.updated_at = text_of(document, "updated_at");
  book.settings = copy_of(document, "settings");
  if (book.language.empty()) book.language = text_of(book.settings, "language");
  std::int64_t position = 0;
  for (const auto& chapter : items_of(document, "chapters")) {
    book.chapters.push_back(read_chapter(chapter, ++position));
  }
  book.dossier = copy_of(document, "dossier");
  return book;
}

}  // namespace fabula::story
