#include "shared/database/snapshot.hpp"

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {
namespace {

std::optional<std::vector<std::string>> read_texts(const json::Document& answer,
                                                   std::string_view name) {
  const auto* values = json::find(answer, name);
  if (!values || !values->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& value : *values) {
    const auto* text = value.get_ptr<const std::string*>();
    if (!text) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

}  // namespace

void write_take_deleted_snapshots(std::string& out, const TakeDeletedSnapshots& request) {
  json::Writer(out).begin_object().key("limit").integer(request.limit).end_object();
}

void write_deleted_snapshots(std::string& out, const DeletedSnapshots& snapshots) {
  json::Writer writer(out);
  writer.begin_object().key("ids").begin_array();
  for (const auto& id : snapshots.ids) writer.string(id);
  writer.end_array().key("illustrations").begin_array();
  for (const auto& path : snapshots.illustrations) writer.string(path);
  writer.end_array().end_object();
}

std::optional<DeletedSnapshots> read_deleted_snapshots(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  auto ids = read_texts(*document, "ids");
  auto illustrations = read_texts(*document, "illustrations");
  if (!ids || !illustrations) return std::nullopt;
  return DeletedSnapshots{*std::move(ids), *std::move(illustrations)};
}

void write_restore_conversation(std::string& out, const RestoreConversation& request) {
  json::Writer writer(out);
  writer.begin_object().key("conversation_id").string(request.conversation_id).key("snapshot");
  writer.raw(request.snapshot_json.empty() ? "null" : request.snapshot_json);
  writer.key("is_server").boolean(request.principal.kind == auth::Principal::Kind::named);
  writer.key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

}  // namespace fabula::database
