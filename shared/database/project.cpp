#include "shared/database/project.hpp"

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

void write_create_project(std::string& out, const CreateProject& request) {
  json::Writer writer(out);
  writer.begin_object();
  writer.key("body").begin_object().key("name").string(request.name).end_object();
  writer.key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<CreatedProject> read_created_project(std::string answer) {
  const auto document = json::parse(answer);
  const auto* project = document ? json::find(*document, "body") : nullptr;
  const auto id = project ? json::string_at(*project, "project_id") : std::nullopt;
  if (!id) return std::nullopt;
  return CreatedProject{std::string(*id)};
}

}  // namespace fabula::database
