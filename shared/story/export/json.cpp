#include "shared/json/text.hpp"
#include "shared/story/export/writers.hpp"

namespace fabula::story {

std::string write_json(const Book& book) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("format").string("fabula-story").key("version").integer(1);
  writer.key("project_id").string(book.project_id).key("title").string(book.title);
  writer.key("author").string(book.author).key("language").string(book.language);
  writer.key("premise").string(book.premise);
  writer.key("created_at").string(book.created_at).key("updated_at").string(book.updated_at);
  writer.key("settings").raw(json::dump(book.settings)).key("chapters").begin_array();
  for (const auto& chapter : book.chapters) {
    writer.begin_object().key("number").integer(chapter.number).key("title").string(chapter.title);
    writer.key("scenes").begin_array();
    for (const auto& scene : chapter.scenes) {
      writer.begin_object().key("part_id").string(scene.part_id);
      writer.key("number").integer(scene.number).key("title").string(scene.title);
      writer.key("text").string(scene.text).key("plan").raw(json::dump(scene.plan)).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().key("dossier").raw(json::dump(book.dossier)).end_object();
  return out.append("\n");
}

}  // namespace fabula::story
