#include "shared/turn/stored.hpp"

#include <algorithm>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/turn/status.hpp"

namespace fabula::turn {

void write_read_turn(std::string& out, const ReadTurn& turn) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  write_principal(writer, turn.principal);
  writer.key(turn.key.kind == TurnKey::Kind::stream_id ? "stream_id" : "generation_id");
  writer.string(turn.key.value);
  writer.key("after_bytes").integer(static_cast<std::int64_t>(turn.after_bytes)).end_object();
}

std::optional<StoredTurn> read_stored_turn(std::string answer) {
  const auto document = json::parse(answer);
  if (!document || !json::string_at(*document, "status")) return std::nullopt;
  const auto text = [&document](std::string_view key) {
    return std::string(json::string_at(*document, key).value_or(""));
  };
  StoredTurn turn;
  turn.turn.user_id = text("user_id");
  turn.turn.session_id = text("session_id");
  turn.turn.project_id = text("project_id");
  turn.turn.user_message_id = text("user_message_id");
  turn.turn.stream_id = text("stream_id");
  turn.turn.generation_id = text("generation_id");
  turn.turn.is_replayed = true;
  if (const auto* metadata = json::find(*document, "reply_metadata")) {
    turn.turn.reply_metadata = json::dump(*metadata);
  }
  turn.status = text("status");
  turn.is_final = turn.status != name(Status::streaming);
  turn.silent_in_ms = json::integer_at(*document, "silent_in_ms");
  turn.saved_bytes = static_cast<std::uint64_t>(
      std::max<std::int64_t>(json::integer_at(*document, "saved_bytes").value_or(0), 0));
  turn.text = text("text");
  turn.message_id = text("message_id");
  turn.provider = text("provider");
  turn.model = text("model");
  turn.error_code = text("error_code");
  turn.finish_reason = text("finish_reason");
  if (const auto* usage = json::find(*document, "usage"); usage && usage->is_object()) {
    turn.usage = llm::Usage{json::integer_at(*usage, "input_tokens").value_or(0),
                            json::integer_at(*usage, "output_tokens").value_or(0)};
  }
  turn.dossier = dossier_view_of(*document);
  return turn;
}

std::optional<Problem> problem_of_ended(const StoredTurn& turn) {
  if (turn.status == name(Status::complete) || turn.status == name(Status::stopped)) {
    return std::nullopt;
  }
  const auto code = error_code_named(turn.error_code).value_or(ErrorCode::interrupted);
  if (turn.saved_bytes > 0) {
    return Problem(
        code, "This reply broke off; what was written is kept. Continue it, or take it again.", {});
  }
  return Problem(
      code,
      facts(code).retryable
          ? "No reply has come of this message, and nothing of one is kept. Send it again, under a "
            "new key if the conversation has gone on since; or have it answered again."
          : "No reply has come of this message, and nothing of one is kept: the model "
            "has refused it, or cannot be asked. Change it, or ask another model.",
      {});
}

}  // namespace fabula::turn
