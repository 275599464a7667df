#include "shared/log/request_log.hpp"

#include "shared/json/text.hpp"
#include "shared/text/timestamps.hpp"

namespace fabula::log {
namespace {

std::string_view level_name(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

void add(json::Writer& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.key(key).string(value);
}

void add(json::Writer& writer, std::string_view key, std::optional<std::int64_t> value) {
  if (value) writer.key(key).integer(*value);
}

void add(json::Writer& writer, const std::vector<ProviderFailure>& failures) {
  if (failures.empty()) return;
  writer.key("provider_failures").begin_array();
  for (const auto& failure : failures) {
    writer.begin_object();
    add(writer, "route", failure.route);
    add(writer, "provider", failure.provider);
    add(writer, "model", failure.model);
    add(writer, "code", failure.code);
    add(writer, "cause", failure.cause);
    add(writer, "message", failure.message);
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace

Level level(const RequestLog& log) {
  const bool is_fine = log.unusable_settings.empty() && log.provider_failures.empty();
  const auto otherwise = is_fine ? Level::info : Level::warn;
  if (log.code.empty()) return otherwise;
  if (log.code.starts_with("provider_")) return Level::warn;
  return log.status >= 500 || log.status == 200 ? Level::error : otherwise;
}

std::string to_line(const RequestLog& log, std::string_view message, std::int64_t started_ms,
                    std::int64_t now_ms) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  add(writer, "timestamp", text::format_timestamp(now_ms));
  add(writer, "level", level_name(level(log)));
  add(writer, "message", message);
  add(writer, "function", log.function);
  add(writer, "request_id", log.request_id);
  add(writer, "user_id", log.user_id);
  add(writer, "acting_for", log.acting_for);
  add(writer, "session_id", log.session_id);
  add(writer, "bot_id", log.bot_id);
  add(writer, "conversation_id", log.conversation_id);
  add(writer, "stream_id", log.stream_id);
  add(writer, "provider", log.provider);
  add(writer, "model", log.model);
  add(writer, "task", log.task);
  add(writer, "outcome", log.outcome);
  add(writer, "code", log.code);
  add(writer, "cause", log.cause);
  writer.key("latency_ms").integer(now_ms - started_ms);
  add(writer, "attempts", log.attempts);
  add(writer, log.provider_failures);
  add(writer, "first_token_ms", log.first_token_ms);
  add(writer, "tokens_in", log.tokens_in);
  add(writer, "tokens_out", log.tokens_out);
  add(writer, "items_found", log.items_found);
  add(writer, "items_kept", log.items_kept);
  add(writer, "items_without_quote", log.items_without_quote);
  add(writer, "unusable_settings", log.unusable_settings);
  writer.key("status").integer(log.status);
  writer.end_object();
  return line;
}

}  // namespace fabula::log
