#include "shared/story/begin_rows.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::story {

void write_begin_story(std::string& out, const BeginStory& request) {
  json::Writer writer(out);
  const auto unless_empty = [&writer](std::string_view key, std::string_view text) {
    if (!text.empty()) writer.key(key).string(text);
  };
  writer.begin_object().key("principal");
  auth::write_principal(writer, request.principal);
  writer.key("route").string(name(request.route));
  writer.key("settings").raw(request.settings).key("named").raw(request.named);
  writer.key("adjustments").raw(request.adjustments).key("given").raw(request.given);
  unless_empty("project_id", request.project_id);
  unless_empty("cache_key", request.cache_key);
  writer.key("fresh").boolean(request.is_fresh);
  writer.key("share").begin_object().key("calls").integer(request.calls);
  writer.key("tokens").integer(request.tokens).end_object();
  writer.key("expected_steps").integer(request.expected_steps);
  unless_empty("title", request.title);
  unless_empty("idempotency_key", request.idempotency_key);
  unless_empty("request_hash", request.request_hash);
  if (!request.admission.empty()) writer.key("admission").raw(request.admission);
  writer.end_object();
}

std::optional<BegunStory> read_begun_story(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto outcome = json::string_at(*document, "outcome").value_or("");
  BegunStory begun;
  begun.task_id = json::string_at(*document, "task_id").value_or("");
  begun.project_id = json::string_at(*document, "project_id").value_or("");
  if (auto* settings = json::find(*document, "settings"); settings && settings->is_object()) {
    begun.settings = std::move(*settings);
  }
  if (outcome == "cached") {
    auto* body = json::find(*document, "body");
    if (!body || !body->is_object()) return std::nullopt;
    begun.cached = std::move(*body);
    return begun;
  }
  if ((outcome != "begun" && outcome != "joined") || begun.task_id.empty()) return std::nullopt;
  return begun;
}

}  // namespace fabula::story
