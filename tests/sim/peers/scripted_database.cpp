#include "tests/sim/peers/scripted_database.hpp"

#include <algorithm>
#include <utility>

namespace fabula::tests {
namespace {

std::string text_at(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::string refusal(std::string_view sqlstate, std::string_view code) {
  json::Document body = {
      {"code", sqlstate}, {"message", "Refused."}, {"details", code}, {"hint", "2"}};
  return json::dump(body);
}

std::string stream_id_of(const StoredGeneration& generation) { return "stream-" + generation.id; }

json::Document begun(const StoredGeneration& generation, bool is_replayed, bool is_new,
                     const std::string& title) {
  return {{"user_id", "user-1"},
          {"session_id", generation.session_id},
          {"project_id", "project-1"},
          {"user_message_id", "question-1"},
          {"message_id", "reply-1"},
          {"stream_id", stream_id_of(generation)},
          {"generation_id", generation.id},
          {"created_session", is_new},
          {"title", title},
          {"replayed", is_replayed},
          {"base_bytes", generation.base_bytes}};
}

}  // namespace

std::string StoredGeneration::text() const {
  std::string whole;
  for (const auto& [offset, chunk] : chunks) whole += chunk;
  return whole;
}

ScriptedDatabase::ScriptedDatabase(sim::World& world) : world_(world) {
  world.serve("http://db/rest/v1/rpc/",
              [this](std::shared_ptr<sim::Exchange> exchange) { handle(exchange); });
}

std::string ScriptedDatabase::make_id(std::size_t number) {
  const auto digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

StoredGeneration* ScriptedDatabase::find(const std::string& id) {
  for (auto& generation : generations) {
    if (generation.id == id) return &generation;
  }
  return nullptr;
}

void ScriptedDatabase::handle(const std::shared_ptr<sim::Exchange>& exchange) {
  const auto function = exchange->url.substr(exchange->url.rfind('/') + 1);
  calls.push_back(function);
  bodies.push_back(exchange->body);
  const auto kind = fault(function);
  if (kind == Fault::never_answer) return;
  if (kind == Fault::refuse_connection) return exchange->break_connection();
  Answer answer;
  if (kind == Fault::answer_503) {
    answer = {503, "upstream is down"};
  } else if (kind == Fault::answer_garbage) {
    answer = {200, "<html>"};
  } else {
    const auto body = json::parse(exchange->body);
    requests.push_back(body ? (*body)["request"] : json::Document());
    answer = call(function, requests.back());
    if (kind == Fault::call_twice) answer = call(function, requests.back());
    if (kind == Fault::lose_answer) {
      world_.clock().after(latency_ms, [exchange] { exchange->break_connection(); });
      return;
    }
  }
  world_.clock().after(latency_ms, [exchange, answer] {
    exchange->respond(answer.status, "content-type: application/json\n");
    exchange->send(answer.body);
    exchange->end();
  });
}

ScriptedDatabase::Answer ScriptedDatabase::call(const std::string& function,
                                                const json::Document& request) {
  if (function == "begin_turn") return begin_turn(request);
  if (function == "append_chunk") return append_chunk(request);
  if (function == "finish_turn") return finish_turn(request);
  if (function == "read_turn") return read_turn(request);
  if (const auto other = answers.find(function); other != answers.end())
    return {200, other->second};
  return {404, R"({"code":"PGRST202","message":"no such function"})"};
}

void ScriptedDatabase::close_if_silent(StoredGeneration& generation) {
  constexpr std::int64_t kSilenceMs = 60'000;
  if (generation.status != "streaming") return;
  if (world_.clock().now_ms() - generation.heartbeat_ms < kSilenceMs) return;
  generation.status = "interrupted";
  generation.was_silent = true;
  const auto text = generation.text();
  if (!text.empty()) sessions[generation.session_id].push_back({"assistant", text, false});
}

ScriptedDatabase::Answer ScriptedDatabase::begin_turn(const json::Document& request) {
  const auto action = text_at(request, "action");
  const auto key = text_at(request, "idempotency_key");
  for (const auto& generation : generations) {
    if (!key.empty() && generation.idempotency_key == key) {
      return {200, json::dump(begun(generation, true, false, {}))};
    }
  }
  const bool is_about_reply = action == "regenerate" || action == "continue";
  auto session_id = text_at(request, is_about_reply ? "message_id" : "session_id");
  const bool is_new = session_id.empty();
  if (is_new) session_id = make_id(sessions.size() + 1);
  if (!is_new && sessions.count(session_id) == 0) return {404, refusal("PT404", "not_found")};
  for (auto& generation : generations) {
    if (generation.session_id != session_id || generation.status != "streaming") continue;
    close_if_silent(generation);
    if (generation.status == "streaming") return {409, refusal("PT409", "turn_in_progress")};
  }
  auto& messages = sessions[session_id];
  StoredGeneration generation;
  if (is_about_reply && messages.back().role == "assistant") {
    if (action == "continue") generation.chunks[0] = messages.back().content;
    generation.base_bytes = generation.text().size();
    generation.saved_bytes = generation.base_bytes;
    messages.pop_back();
  }
  auto history = json::Document::array();
  for (const auto& message : messages) {
    history.push_back({{"role", message.role}, {"content", message.content}});
  }
  if (generation.base_bytes > 0) {
    history.push_back({{"role", "assistant"}, {"content", generation.text()}});
  }
  if (!is_about_reply) {
    const auto* metadata = json::find(request, "message_metadata");
    messages.push_back(
        {"user", text_at(request, "text"), true, metadata ? *metadata : json::Document::object()});
  }
  generation.id = "generation-" + std::to_string(generations.size() + 1);
  generation.session_id = session_id;
  generation.heartbeat_ms = world_.clock().now_ms();
  generation.idempotency_key = key;
  generations.push_back(generation);
  auto answer = begun(generation, false, is_new, text_at(request, "title"));
  answer["history"] = history;
  if (!summary.empty()) answer["summary"] = summary;
  if (!dossier.is_null() && json::boolean_at(request, "dossier").value_or(false)) {
    answer["dossier"] = dossier;
    answer["dossier"]["told"] = told;
  }
  if (!bot.is_null() && json::find(request, "bot_id")) answer["bot"] = bot;
  if (is_about_reply && !messages.back().metadata.empty()) {
    answer["message_metadata"] = messages.back().metadata;
  }
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::append_chunk(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  if (!generation) return {404, refusal("PT404", "not_found")};
  const auto offset =
      static_cast<std::uint64_t>(json::integer_at(request, "from_offset").value_or(0));
  const auto text = text_at(request, "text");
  if (generation->status == "streaming") {
    if (offset > generation->saved_bytes) return {409, refusal("PT409", "invalid_request")};
    generation->heartbeat_ms = world_.clock().now_ms();
    if (!text.empty() && offset + text.size() > generation->saved_bytes) {
      generation->chunks.erase(generation->chunks.lower_bound(offset), generation->chunks.end());
      generation->chunks[offset] = text;
      generation->saved_bytes = offset + text.size();
    }
  }
  const json::Document answer = {{"cancel_requested", generation->cancel_requested},
                                 {"status", generation->status},
                                 {"saved_bytes", generation->saved_bytes}};
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::finish_turn(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  if (!generation) return {404, refusal("PT404", "not_found")};
  const auto offset =
      static_cast<std::uint64_t>(json::integer_at(request, "from_offset").value_or(0));
  if (generation->status == "streaming") {
    generation->chunks.erase(generation->chunks.lower_bound(offset), generation->chunks.end());
    generation->chunks[offset] = text_at(request, "text");
    generation->status = text_at(request, "status");
    generation->error_code = text_at(request, "error_code");
    generation->finish_reason = text_at(request, "finish_reason");
    const auto text = generation->text();
    generation->saved_bytes = text.size();
    if (!text.empty()) {
      sessions[generation->session_id].push_back(
          {"assistant", text, generation->status == "complete"});
    }
  }
  json::Document answer = {{"status", generation->status}, {"message_id", nullptr}};
  if (!generation->text().empty()) answer["message_id"] = "reply-1";
  if (!dossier.is_null()) answer["dossier"] = dossier;
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::read_turn(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  for (auto& named : generations) {
    if (stream_id_of(named) == text_at(request, "stream_id")) generation = &named;
  }
  if (!generation) return {404, refusal("PT404", "not_found")};
  close_if_silent(*generation);
  const auto after = static_cast<std::size_t>(json::integer_at(request, "after_bytes").value_or(0));
  const auto text = generation->text();
  const bool is_stored = generation->status != "streaming" && !text.empty();
  json::Document answer = {{"status", generation->status},
                           {"text", text.substr(std::min(after, text.size()))},
                           {"error_code", generation->error_code},
                           {"finish_reason", generation->finish_reason},
                           {"provider", "local"},
                           {"model", "scripted"},
                           {"usage", nullptr}};
  if (is_stored) answer["message_id"] = "reply-1";
  return {200, json::dump(answer)};
}

}  // namespace fabula::tests
