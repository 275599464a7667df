#include "shared/turn/rows.hpp"

#include <array>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"

namespace fabula::turn {
namespace {

tl::unexpected<Problem> unexpected_answer(std::string_view function) {
  return problem(ErrorCode::internal_error,
                 "Something went wrong on our side. Try again; if it stays, report the request id.",
                 std::string(function) + " answered something else than it promises");
}

void write_or_null(json::Writer& writer, std::string_view key, std::string_view value) {
  writer.key(key);
  if (value.empty()) {
    writer.null();
  } else {
    writer.string(value);
  }
}

}  // namespace

std::string begin_turn_request(const BeginTurn& turn) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("principal");
  write_principal(writer, turn.principal);
  writer.key("kind").string(turn.kind);
  write_or_null(writer, "session_id", turn.session_id.value_or(""));
  write_or_null(writer, "project_id", turn.project_id.value_or(""));
  writer.key("text").string(turn.text).key("title").string(turn.title);
  writer.key("provider").string(turn.provider).key("model").string(turn.model);
  writer.key("history_budget_tokens").integer(turn.history_budget_tokens);
  write_or_null(writer, "claimed_user_id", turn.claimed_user_id);
  writer.end_object();
  return body;
}

Result<BegunTurn> parse_begun_turn(std::string answer) {
  BegunTurn turn;
  std::array members = {
      json::RawMember{.key = "user_id"},         json::RawMember{.key = "session_id"},
      json::RawMember{.key = "project_id"},      json::RawMember{.key = "user_message_id"},
      json::RawMember{.key = "message_id"},      json::RawMember{.key = "stream_id"},
      json::RawMember{.key = "generation_id"},   json::RawMember{.key = "title"},
      json::RawMember{.key = "created_session"}, json::RawMember{.key = "history"},
  };
  const std::array strings = {&turn.user_id,         &turn.session_id, &turn.project_id,
                              &turn.user_message_id, &turn.message_id, &turn.stream_id,
                              &turn.generation_id,   &turn.title};
  if (!json::find_raw_members(answer, members)) return unexpected_answer("begin_turn");
  for (std::size_t i = 0; i < strings.size(); ++i) {
    auto value = json::string_value(members[i].value);
    if (!value) return unexpected_answer("begin_turn");
    *strings[i] = *std::move(value);
  }
  if (members[8].value != "true") turn.title.clear();
  const std::string_view history = members[9].value;
  if (!history.starts_with('[')) return unexpected_answer("begin_turn");
  turn.history_offset = static_cast<std::size_t>(history.data() - answer.data());
  turn.history_bytes = history.size();
  turn.answer = std::move(answer);
  return turn;
}

std::string append_chunk_request(std::string_view generation_id, std::uint64_t from_offset,
                                 std::string_view text) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .key("generation_id")
      .string(generation_id)
      .key("from_offset")
      .integer(static_cast<std::int64_t>(from_offset))
      .key("text")
      .string(text)
      .end_object();
  return body;
}

Result<Appended> parse_appended(std::string_view answer) {
  const auto document = json::parse(answer);
  if (!document) return unexpected_answer("append_chunk");
  const auto status = json::string_at(*document, "status");
  const auto saved_bytes = json::integer_at(*document, "saved_bytes");
  if (!status || !saved_bytes || *saved_bytes < 0) return unexpected_answer("append_chunk");
  return Appended{*status == name(Status::streaming),
                  json::boolean_at(*document, "cancel_requested").value_or(false),
                  static_cast<std::uint64_t>(*saved_bytes)};
}

std::string finish_turn_request(const FinishTurn& turn) {
  std::string body;
  json::Writer writer(body);
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
  writer.end_object();
  return body;
}

Result<Finished> parse_finished(std::string_view answer) {
  const auto document = json::parse(answer);
  if (!document) return unexpected_answer("finish_turn");
  const auto status = json::string_at(*document, "status");
  if (!status) return unexpected_answer("finish_turn");
  return Finished{std::string(*status),
                  std::string(json::string_at(*document, "message_id").value_or(""))};
}

}  // namespace fabula::turn
