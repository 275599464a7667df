#include "shared/database/story.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::database {

void write_read_story_export(std::string& out, const ReadStoryExport& request) {
  json::Writer writer(out);
  writer.begin_object().key("project_id").string(request.project_id).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<json::Document> read_story_export(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  if (auto* body = json::find(*document, "body"); body && body->is_object()) {
    return json::Document(std::move(*body));
  }
  if (!json::string_at(*document, "project_id")) return std::nullopt;
  return *std::move(document);
}

std::optional<json::Document> read_story_illustrations(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto* pictures = json::find(*document, "illustrations");
  if (!pictures || !pictures->is_array()) return std::nullopt;
  return *std::move(document);
}

}  // namespace fabula::database
