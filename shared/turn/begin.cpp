#include "shared/turn/begin.hpp"

#include <array>
#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"

namespace fabula::turn {

std::string_view name(Action action) {
  constexpr std::array<std::string_view, 4> kNames = {"say", "edit", "regenerate", "continue"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string begin_turn_request(const BeginTurn& turn) {
  std::string body;
  // In one allocation: memory of a WebAssembly instance that was once taken is never given back.
  constexpr std::size_t kFrameBytes = 1024;
  body.reserve(kFrameBytes + turn.system_prompt.size() + turn.text.size() + turn.text.size() / 8 +
               turn.message_metadata.size() + turn.task_prompts.size() +
               turn.dossier_heading.size());
  json::Writer writer(body);
  writer.begin_object().key("principal");
  write_principal(writer, turn.principal);
  const std::array<std::pair<std::string_view, std::string_view>, 18> texts = {{
      {"kind", turn.kind},
      {"action", name(turn.action)},
      {"session_id", turn.session_id},
      {"project_id", turn.project_id},
      {"message_id", turn.message_id},
      {"text", turn.text},
      {"instruction", turn.instruction},
      {"title", turn.title},
      {"provider", turn.provider},
      {"model", turn.model},
      {"system_prompt", turn.system_prompt},
      {"prompt", turn.prompt},
      {"summary_heading", turn.summary_heading},
      {"claimed_user_id", turn.claimed_user_id},
      {"idempotency_key", turn.idempotency_key},
      {"request_hash", turn.request_hash},
      {"external_id", turn.external_id},
      {"stream_id", turn.stream_id},
  }};
  for (const auto& [key, value] : texts) {
    if (!value.empty()) writer.key(key).string(value);
  }
  if (turn.bot_id != 0) writer.key("bot_id").integer(turn.bot_id);
  if (turn.rate_limit) {
    writer.key("rate_limit").begin_object().key("action").string(turn.limited_action);
    writer.key("max_requests").integer(turn.rate_limit->max_requests);
    writer.key("window_seconds").integer(turn.rate_limit->window_s).end_object();
  }
  if (!turn.message_metadata.empty()) writer.key("message_metadata").raw(turn.message_metadata);
  if (!turn.task_prompts.empty()) writer.key("task_prompts").raw(turn.task_prompts);
  if (!turn.task_prompt_labels.empty()) {
    writer.key("task_prompt_labels").raw(turn.task_prompt_labels);
  }
  if (!turn.dossier_heading.empty()) {
    writer.key("dossier").boolean(true).key("dossier_heading").string(turn.dossier_heading);
  }
  if (turn.is_worth_extracting) writer.key("extract").boolean(true);
  writer.key("settings").begin_object();
  writer.key("max_output_tokens").integer(turn.maximum_output_tokens).end_object();
  writer.key("history_budget_tokens").integer(turn.history_budget_tokens);
  writer.end_object();
  return body;
}

namespace {

std::optional<http::Allowance> parse_allowance(std::string_view json) {
  std::array members = {json::RawMember{.key = "limit"}, json::RawMember{.key = "remaining"},
                        json::RawMember{.key = "reset_s"}};
  if (!json.starts_with('{') || !json::find_raw_members(json, members)) return std::nullopt;
  const auto number = [](std::string_view value) { return text::parse_integer(value).value_or(0); };
  return http::Allowance{number(members[0].value), number(members[1].value),
                         number(members[2].value)};
}

}  // namespace

Result<BegunTurn> parse_begun_turn(std::string answer) {
  constexpr std::string_view kFunction = "begin_turn";
  BegunTurn turn;
  // The first ones are texts that must be there.
  std::array members = {
      json::RawMember{.key = "user_id"},
      json::RawMember{.key = "session_id"},
      json::RawMember{.key = "project_id"},
      json::RawMember{.key = "user_message_id"},
      json::RawMember{.key = "message_id"},
      json::RawMember{.key = "stream_id"},
      json::RawMember{.key = "generation_id"},
      json::RawMember{.key = "title"},
      json::RawMember{.key = "created_session"},
      json::RawMember{.key = "history"},
      json::RawMember{.key = "replayed"},
      json::RawMember{.key = "base_bytes"},
      json::RawMember{.key = "rate"},
      json::RawMember{.key = "summary"},
      json::RawMember{.key = "message_metadata"},
      json::RawMember{.key = "dossier"},
  };
  const std::array strings = {&turn.user_id,         &turn.session_id, &turn.project_id,
                              &turn.user_message_id, &turn.message_id, &turn.stream_id,
                              &turn.generation_id,   &turn.title};
  if (!json::find_raw_members(answer, members)) return database::unexpected_answer(kFunction);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    auto value = json::string_value(members[i].value);
    if (members[i].key == "project_id" && members[i].value == "null") continue;
    if (!value) return database::unexpected_answer(kFunction);
    *strings[i] = *std::move(value);
  }
  if (members[8].value != "true") turn.title.clear();
  turn.is_replayed = members[10].value == "true";
  turn.base_bytes = text::parse_natural(members[11].value).value_or(0);
  turn.allowance = parse_allowance(members[12].value);
  if (turn.is_replayed) return turn;
  const std::string_view history = members[9].value;
  if (!history.starts_with('[')) return database::unexpected_answer(kFunction);
  turn.summary = json::string_value(members[13].value).value_or("");
  turn.history_offset = static_cast<std::size_t>(history.data() - answer.data());
  turn.history_bytes = history.size();
  turn.message_metadata = members[14].value;
  std::array told = {json::RawMember{.key = "told"}};
  if (members[15].value.starts_with('{') && json::find_raw_members(members[15].value, told)) {
    turn.told = json::string_value(told[0].value).value_or("");
  }
  turn.answer = std::move(answer);
  return turn;
}

std::optional<AskedBot> asked_bot(const BegunTurn& turn) {
  std::array whole = {json::RawMember{.key = "bot"}};
  std::array members = {
      json::RawMember{.key = "provider"},    json::RawMember{.key = "model"},
      json::RawMember{.key = "access_path"}, json::RawMember{.key = "access_key"},
      json::RawMember{.key = "system"},
  };
  if (!json::find_raw_members(turn.answer, whole) || !whole[0].value.starts_with('{') ||
      !json::find_raw_members(whole[0].value, members)) {
    return std::nullopt;
  }
  // Empty for null.
  const auto text = [&members](std::size_t i) {
    return json::string_value(members[i].value).value_or(std::string());
  };
  return AskedBot{{text(0), text(1), text(2), text(3)}, text(4)};
}

}  // namespace fabula::turn
