#include "shared/turn/begin.hpp"

#include <array>
#include <utility>

#include "shared/json/raw_object.hpp"
#include "shared/json/text.hpp"

namespace fabula::turn {

std::string_view name(Action action) {
  constexpr std::array<std::string_view, 4> kNames = {"say", "edit", "regenerate", "continue"};
  return kNames[static_cast<std::size_t>(action)];
}

void write_begin_turn(std::string& out, const BeginTurn& turn) {
  // One allocation, because a WebAssembly instance never returns memory.
  constexpr std::size_t kFrameBytes = 1024;
  out.reserve(out.size() + kFrameBytes + turn.system_prompt.size() + turn.text.size() +
              turn.text.size() / 8 + turn.message_metadata.size() + turn.task_prompts.size() +
              turn.dossier_heading.size() + turn.kinds.size() + turn.instruction.size() +
              turn.guidance.size() + turn.instructions.size() +
              (turn.companion ? turn.companion->given.size() : 0));
  json::Writer writer(out);
  writer.begin_object().key("principal");
  write_principal(writer, turn.principal);
  const std::array<std::pair<std::string_view, std::string_view>, 21> texts = {{
      {"kind", turn.kind},
      {"action", name(turn.action)},
      {"session_id", turn.session_id},
      {"project_id", turn.project_id},
      {"message_id", turn.message_id},
      {"text", turn.text},
      {"instruction", turn.instruction},
      {"guidance", turn.guidance},
      {"instructions", turn.instructions},
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
      {"call_id", turn.call_id},
  }};
  for (const auto& [key, value] : texts) {
    if (!value.empty()) writer.key(key).string(value);
  }
  if (turn.bot_id != 0) writer.key("bot_id").integer(turn.bot_id);
  if (turn.hides_public_bots) writer.key("hides_public_bots").boolean(true);
  if (turn.rate_limit) {
    writer.key("rate_limit").begin_object().key("action").string(turn.limited_action);
    writer.key("max_requests").integer(turn.rate_limit->max_requests);
    writer.key("window_seconds").integer(turn.rate_limit->window_s).end_object();
  }
  if (!turn.admission.empty()) writer.key("admission").raw(turn.admission);
  if (!turn.message_metadata.empty()) writer.key("message_metadata").raw(turn.message_metadata);
  if (!turn.task_prompts.empty()) writer.key("task_prompts").raw(turn.task_prompts);
  if (!turn.task_prompt_labels.empty()) {
    writer.key("task_prompt_labels").raw(turn.task_prompt_labels);
  }
  if (!turn.dossier_heading.empty()) {
    writer.key("dossier").boolean(true).key("dossier_heading").string(turn.dossier_heading);
  }
  if (turn.companion) write_companion(writer, *turn.companion);
  if (!turn.kinds.empty()) writer.key("kinds").raw(turn.kinds);
  if (turn.is_worth_extracting) writer.key("extract").boolean(true);
  if (turn.if_newest) writer.key("if_newest").boolean(true);
  if (turn.wait_ms != 0) writer.key("wait_ms").integer(turn.wait_ms);
  writer.key("settings").begin_object();
  writer.key("max_output_tokens").integer(turn.maximum_output_tokens).end_object();
  if (turn.chosen != ModelSettings{}) {
    writer.key("chosen").begin_object();
    write_model_settings(writer, turn.chosen);
    writer.end_object();
  }
  writer.key("history_budget_tokens").integer(turn.history_budget_tokens);
  writer.end_object();
}

namespace {

std::optional<http::Allowance> read_allowance(std::string_view json) {
  const auto rate = json::RawObject::read(json, {"limit", "remaining", "reset_s"});
  if (!rate) return std::nullopt;
  const auto number = [&rate](std::string_view key) { return rate->integer(key).value_or(0); };
  return http::Allowance{number("limit"), number("remaining"), number("reset_s")};
}

std::string told_of(std::string_view dossier_json) {
  const auto dossier = json::RawObject::read(dossier_json, {"told"});
  return dossier ? dossier->string("told").value_or("") : std::string();
}

}  // namespace

std::optional<BegunTurn> read_begun_turn(std::string answer) {
  const auto begun = json::RawObject::read(
      answer, {"user_id",   "session_id",    "project_id",    "user_message_id", "message_id",
               "stream_id", "generation_id", "title",         "created_session", "history",
               "replayed",  "base_bytes",    "rate",          "summary",         "message_metadata",
               "dossier",   "kind",          "system_prompt", "character",       "created_user",
               "text",      "chosen",        "reply_metadata"});
  if (!begun) return std::nullopt;
  BegunTurn turn;
  const std::array<std::pair<std::string_view, std::string*>, 8> texts = {{
      {"user_id", &turn.user_id},
      {"session_id", &turn.session_id},
      {"project_id", &turn.project_id},
      {"user_message_id", &turn.user_message_id},
      {"message_id", &turn.message_id},
      {"stream_id", &turn.stream_id},
      {"generation_id", &turn.generation_id},
      {"title", &turn.title},
  }};
  for (const auto& [key, text] : texts) {
    if (key == "project_id" && begun->is_null(key)) continue;
    auto value = begun->string(key);
    if (!value) return std::nullopt;
    *text = *std::move(value);
  }
  if (!begun->is_true("created_session")) turn.title.clear();
  turn.is_replayed = begun->is_true("replayed");
  turn.base_bytes = begun->natural("base_bytes").value_or(0);
  turn.allowance = read_allowance(begun->text("rate"));
  turn.kind = begun->string("kind").value_or("");
  turn.character = read_character(begun->text("character"));
  turn.reply_metadata = begun->text("reply_metadata");
  if (turn.is_replayed) return turn;
  const auto history = begun->text("history");
  if (!history.starts_with('[')) return std::nullopt;
  turn.history_offset = static_cast<std::size_t>(history.data() - answer.data());
  turn.history_bytes = history.size();
  turn.summary = begun->string("summary").value_or("");
  turn.system_prompt = begun->string("system_prompt");
  turn.cut_text = begun->string("text");
  if (const auto chosen = json::parse(begun->text("chosen"))) {
    turn.chosen = read_model_settings(*chosen);
  }
  turn.is_new_user = begun->is_true("created_user");
  turn.message_metadata = begun->text("message_metadata");
  turn.told = told_of(begun->text("dossier"));
  turn.answer = std::move(answer);
  return turn;
}

std::optional<AskedBot> asked_bot(const BegunTurn& turn) {
  const auto begun = json::RawObject::read(turn.answer, {"bot"});
  if (!begun) return std::nullopt;
  const auto bot = json::RawObject::read(
      begun->text("bot"), {"bot_id", "provider", "model", "access_path", "access_key", "system"});
  if (!bot) return std::nullopt;
  // Empty for null.
  const auto text = [&bot](std::string_view key) { return bot->string(key).value_or(""); };
  AskedBot asked{.choice = {.provider = text("provider"),
                            .model = text("model"),
                            .access_path = text("access_path"),
                            .access_key = text("access_key")},
                 .system = text("system"),
                 .bot_id = bot->integer("bot_id").value_or(0),
                 .encrypted_key = std::nullopt};
  if (const auto key = json::parse(bot->text("access_key"))) {
    asked.encrypted_key = encryption::read_encrypted_text(*key);
  }
  return asked;
}

}  // namespace fabula::turn
