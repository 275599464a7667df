#include "shared/protocols/fabula/metadata.hpp"

#include <cstdint>
#include <optional>

#include "shared/json/raw_object.hpp"

namespace fabula::protocols::fabula {
namespace {

void write_unless_empty(json::Writer& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.key(key).string(value);
}

void write_count(json::Writer& writer, std::string_view key, std::optional<std::int64_t> count) {
  writer.key(key);
  if (count) {
    writer.integer(*count);
  } else {
    writer.null();
  }
}

// The chosen settings of the model, and its task.
void write_request(json::Writer& writer, std::string_view reply_metadata) {
  const auto asked =
      json::RawObject::read(reply_metadata, {"temperature", "max_tokens", "guidance"});
  if (!asked) return;
  for (const std::string_view key : {"temperature", "max_tokens", "guidance"}) {
    if (const auto value = asked->text(key); !value.empty()) writer.key(key).raw(value);
  }
}

}  // namespace

void write_metadata(json::Writer& writer, const turn::event::Stored& stored,
                    std::string_view new_guest_token) {
  const auto& turn = stored.turn;
  const auto& usage = stored.usage;
  writer.begin_object();
  write_unless_empty(writer, "session_id", turn.session_id);
  write_unless_empty(writer, "project_id", turn.project_id);
  write_unless_empty(writer, "user_id", turn.user_id);
  write_unless_empty(writer, "message_id", stored.message_id);
  write_unless_empty(writer, "user_message_id", turn.user_message_id);
  write_unless_empty(writer, "stream_id", turn.stream_id);
  write_unless_empty(writer, "model", stored.model);
  write_unless_empty(writer, "provider", stored.provider);
  write_request(writer, turn.reply_metadata);
  writer.key("tokens").begin_object();
  write_count(writer, "in", usage ? std::optional(usage->input_tokens) : std::nullopt);
  write_count(writer, "out", usage ? std::optional(usage->output_tokens) : std::nullopt);
  writer.end_object();
  write_unless_empty(writer, "finish_reason", stored.finish_reason);
  write_unless_empty(writer, "title", turn.title);
  write_unless_empty(writer, "guest_token", new_guest_token);
  if (stored.dossier) {
    writer.key("dossier_version").integer(stored.dossier->version);
    writer.key("dossier_pending").boolean(stored.dossier->is_pending);
    writer.key("dossier_updated").boolean(stored.dossier->is_updated);
  }
  writer.end_object();
}

}  // namespace fabula::protocols::fabula
