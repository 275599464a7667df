#include "shared/database/snapshot.hpp"

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

void write_take_deleted_snapshots(std::string& out, const TakeDeletedSnapshots& request) {
  json::Writer(out).begin_object().key("limit").integer(request.limit).end_object();
}

void write_deleted_snapshots(std::string& out, const DeletedSnapshots& snapshots) {
  json::Writer writer(out);
  writer.begin_object().key("ids").begin_array();
  for (const auto& id : snapshots.ids) writer.string(id);
  writer.end_array().end_object();
}

std::optional<DeletedSnapshots> read_deleted_snapshots(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto* ids = json::find(*document, "ids");
  if (!ids || !ids->is_array()) return std::nullopt;
  DeletedSnapshots snapshots;
  for (const auto& id : *ids) {
    const auto* text = id.get_ptr<const std::string*>();
    if (!text) return std::nullopt;
    snapshots.ids.push_back(*text);
  }
  return snapshots;
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
