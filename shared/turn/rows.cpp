#include "shared/turn/rows.hpp"

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::turn {
namespace {

void write_or_null(json::Writer& writer, std::string_view key, std::string_view value) {
  writer.key(key);
  if (value.empty()) {
    writer.null();
  } else {
    writer.string(value);
  }
}

// One allocation, because a WebAssembly instance never returns memory.
void make_room(std::string& out, std::string_view text) {
  constexpr std::size_t kFrameBytes = 512;
  out.reserve(out.size() + kFrameBytes + text.size() + text.size() / 8);
}

}  // namespace

void write_withdraw_turn(std::string& out, const WithdrawTurn& turn) {
  json::Writer(out).begin_object().key("call_id").string(turn.call_id).end_object();
}

void write_append_chunk(std::string& out, const AppendChunk& chunk) {
  make_room(out, chunk.text);
  json::Writer(out)
      .begin_object()
      .key("generation_id")
      .string(chunk.generation_id)
      .key("from_offset")
      .integer(static_cast<std::int64_t>(chunk.from_offset))
      .key("text")
      .string(chunk.text)
      .end_object();
}

std::optional<Appended> read_appended(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto status = json::string_at(*document, "status");
  const auto saved_bytes = json::integer_at(*document, "saved_bytes");
  if (!status || !saved_bytes || *saved_bytes < 0) return std::nullopt;
  return Appended{*status == name(Status::streaming),
                  json::boolean_at(*document, "cancel_requested").value_or(false),
                  static_cast<std::uint64_t>(*saved_bytes)};
}

void write_finish_turn(std::string& out, const FinishTurn& turn) {
  make_room(out, turn.text);
  json::Writer writer(out);
  writer.begin_object();
  writer.key("generation_id").string(turn.generation_id);
  writer.key("status").string(name(turn.status));
  writer.key("from_offset").integer(static_cast<std::int64_t>(turn.from_offset));
  writer.key("text").string(turn.text);
  write_or_null(writer, "finish_reason", llm::name(turn.finish_reason));
  write_or_null(writer, "error_code", turn.error_code);
  writer.key("usage");
  if (turn.usage) {
    writer.begin_object().key("input_tokens").integer(turn.usage->input_tokens);
    writer.key("output_tokens").integer(turn.usage->output_tokens).end_object();
  } else {
    writer.null();
  }
  writer.key("first_token_ms");
  if (turn.first_token_ms) {
    writer.integer(*turn.first_token_ms);
  } else {
    writer.null();
  }
  writer.key("latency_ms").integer(turn.latency_ms);
  writer.key("provider").string(turn.provider).key("model").string(turn.model);
  std::string attempts;
  usage::append_model_calls(attempts, turn.attempts);
  writer.key("attempts").raw(attempts);
  if (turn.is_worth_extracting) writer.key("extract").boolean(true);
  if (turn.goes_on_verbatim) writer.key("instruction_sent").boolean(false);
  writer.end_object();
}

void write_finished_turn(std::string& out, const FinishedTurn& turn) {
  json::Writer(out).begin_object().key("generation_id").string(turn.generation_id).end_object();
}

std::optional<Finished> read_finished(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto status = json::string_at(*document, "status");
  const auto saved_bytes = json::integer_at(*document, "saved_bytes");
  if (!status || !saved_bytes || *saved_bytes < 0) return std::nullopt;
  return Finished{std::string(*status),
                  std::string(json::string_at(*document, "message_id").value_or("")),
                  static_cast<std::uint64_t>(*saved_bytes), dossier_view_of(*document)};
}

}  // namespace fabula::turn
