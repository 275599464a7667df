#include "shared/dossier/read/import_source.hpp"

#include "shared/text/uuid.hpp"

namespace fabula::dossier {

// The delivery of an import is "<task_id>:<step>". Proposals from a conversation's tools have a
// message.
std::optional<ImportSource> import_source(const Entry& entry) {
  if (entry.kind != EntryKind::extracted || entry.proposal.empty() || !entry.message_id.empty()) {
    return std::nullopt;
  }
  const auto task_id = std::string_view(entry.delivery).substr(0, entry.delivery.find(':'));
  if (task_id.size() == entry.delivery.size() || !text::normalize_uuid(task_id))
    return std::nullopt;
  return ImportSource{task_id, entry.chapter, entry.chapter_title};
}

void write_import_source(json::Writer& writer, const ImportSource& source) {
  writer.begin_object().key("task_id").string(source.task_id).key("chapter");
  if (source.chapter == 0) {
    writer.null();
  } else {
    writer.integer(source.chapter);
  }
  writer.key("chapter_title");
  if (source.chapter_title.empty()) {
    writer.null();
  } else {
    writer.string(source.chapter_title);
  }
  writer.end_object();
}

}  // namespace fabula::dossier
