#include "tests/sim/peers/scripted_database.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "tests/sim/peers/stalls.hpp"

namespace fabula::tests {
namespace {

// The same as in the database (private.silent_in_ms).
constexpr std::int64_t kSilenceMs = 14'000;

std::string text_at(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

json::Document begun(const StoredGeneration& generation, bool is_replayed, bool is_new,
                     const std::string& project_id, const std::string& title) {
  return {{"user_id", "user-1"},
          {"session_id", generation.session_id},
          {"project_id", project_id.empty() ? json::Document() : json::Document(project_id)},
          {"user_message_id", generation.user_message_id},
          {"message_id", generation.message_id},
          {"stream_id", ScriptedDatabase::stream_id_of(generation)},
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

ScriptedDatabase::Answer ScriptedDatabase::refusal(std::string_view sqlstate,
                                                   std::string_view code) {
  const json::Document body = {
      {"code", sqlstate}, {"message", "Refused."}, {"details", code}, {"hint", "2"}};
  return {static_cast<std::uint32_t>(std::stoul(std::string(sqlstate.substr(2)))),
          json::dump(body)};
}

std::string ScriptedDatabase::stream_id_of(const StoredGeneration& generation) {
  return "stream-" + generation.id;
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

void ScriptedDatabase::stall(std::int64_t duration_ms) {
  stalled_until_ms_ = std::max(stalled_until_ms_, world_.clock().now_ms() + duration_ms);
}

void ScriptedDatabase::handle(const std::shared_ptr<sim::Exchange>& exchange) {
  const auto stalled_ms = stalled_until_ms_ - world_.clock().now_ms();
  if (stalled_ms <= 0) return run(exchange, now_ms());
  auto& random = world_.random();
  // The pool gives up calls that get no connection in time. The others are sent to a stopped
  // process, and run in no certain order when it continues; for some of them the transaction had
  // begun before.
  constexpr std::int64_t kPoolTimeoutMs = 10'000;
  if (random.chance(20) && stalled_ms > kPoolTimeoutMs) {
    world_.clock().after(kPoolTimeoutMs, [exchange] {
      exchange->respond(503, "content-type: application/json\n");
      exchange->send(R"({"code":"PGRST003","message":"Timed out acquiring connection"})");
      exchange->end();
    });
    return;
  }
  const auto begun_ms = random.chance(30) ? now_ms() : now_ms() + stalled_ms;
  world_.clock().after(stalled_ms + random.between(0, 200),
                       [this, exchange, begun_ms] { run(exchange, begun_ms); });
}

void ScriptedDatabase::run(const std::shared_ptr<sim::Exchange>& exchange, std::int64_t begun_ms) {
  const auto function = exchange->url.substr(exchange->url.rfind('/') + 1);
  calls.push_back(function);
  bodies.push_back(exchange->body);
  const auto kind = fault(function);
  if (kind == Fault::never_answer) return;
  if (kind == Fault::answer_head_alone) return stall_with(world_, exchange, Stall::head_alone);
  if (kind == Fault::answer_trickling) return stall_with(world_, exchange, Stall::trickle);
  if (kind == Fault::refuse_connection) return exchange->break_connection();
  Answer answer;
  if (kind == Fault::answer_503) {
    answer = {503, "upstream is down"};
  } else if (kind == Fault::answer_garbage) {
    answer = {200, "<html>"};
  } else {
    const auto body = json::parse(exchange->body);
    requests.push_back(body ? (*body)["request"] : json::Document());
    answer = call(function, requests.back(), begun_ms);
    if (kind == Fault::call_twice) answer = call(function, requests.back(), begun_ms);
    after_call();
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
                                                const json::Document& request,
                                                std::int64_t begun_ms) {
  if (const auto other = functions.find(function); other != functions.end()) {
    return other->second(request);
  }
  if (function == "begin_turn") return begin_turn(request, begun_ms);
  if (function == "admit_turn") return admit_turn(request, begun_ms);
  if (function == "withdraw_turn") return withdraw_turn(request);
  if (function == "append_chunk") return append_chunk(request);
  if (function == "finish_turn") return finish_turn(request);
  if (function == "read_turn") return read_turn(request);
  if (function == "request_cancel") return request_cancel(request);
  if (const auto other = answers.find(function); other != answers.end())
    return {200, other->second};
  if (function == "clean") return {200, R"({"left":false})"};
  return {404, R"({"code":"PGRST202","message":"no such function"})"};
}

bool ScriptedDatabase::is_silent(const StoredGeneration& generation) const {
  return now_ms() - generation.heartbeat_ms >= kSilenceMs;
}

bool ScriptedDatabase::has_failed_silently(const StoredGeneration& generation) {
  const bool has_failed = generation.status == "failed" || generation.status == "disconnected" ||
                          generation.status == "interrupted";
  return has_failed && generation.saved_bytes == 0;
}

void ScriptedDatabase::close_if_silent(StoredGeneration& generation) {
  if (generation.status == "streaming" && is_silent(generation)) end_for_silence(generation);
}

void ScriptedDatabase::end_for_silence(StoredGeneration& generation) {
  generation.status = "interrupted";
  generation.error_code = "interrupted";
  generation.was_silent = true;
  generation.ended_by_silence = true;
  store_reply(generation);
}

void ScriptedDatabase::reap() {
  if (stalled_until_ms_ > world_.clock().now_ms()) return;
  for (auto& generation : generations) close_if_silent(generation);
}

// Stores the reply's message: a new one, or the one that was stored when it ended for silence.
void ScriptedDatabase::store_reply(StoredGeneration& generation) {
  const auto text = generation.text();
  generation.usages = 1;
  if (text.size() <= generation.base_bytes && generation.base_bytes > 0) {
    // The continued reply is its own message, to which the path returns.
    generation.saved_bytes = 0;
    sessions[generation.session_id].push_back(
        {"assistant", text, true, {}, generation.continued_id});
    return;
  }
  generation.saved_bytes = text.size();
  if (text.empty()) return;
  auto& messages = sessions[generation.session_id];
  const bool is_complete = generation.status == "complete";
  if (generation.message > 0) {
    messages[generation.message - 1] = {"assistant", text, is_complete, {}, generation.message_id};
  } else {
    messages.push_back({"assistant", text, is_complete, {}, generation.message_id});
    generation.message = messages.size();
  }
}

// Whether no other turn has begun in its session.
bool ScriptedDatabase::is_last(const StoredGeneration& generation) const {
  for (const auto& other : generations) {
    if (&other > &generation && other.session_id == generation.session_id) return false;
  }
  return true;
}

void ScriptedDatabase::reopen(StoredGeneration& generation) {
  if (!generation.ended_by_silence || !is_last(generation)) return;
  if (generation.base_bytes > 0 && generation.saved_bytes == 0) {
    sessions[generation.session_id].pop_back();
  }
  ++reopened;
  generation.ended_by_silence = false;
  generation.status = "streaming";
  generation.error_code.clear();
  generation.usages = 0;
  generation.saved_bytes = generation.text().size();
  generation.heartbeat_ms = now_ms();
}

bool ScriptedDatabase::forget_run(StoredGeneration& generation, bool with_question) {
  const bool is_unsaid = generation.text().size() <= generation.base_bytes;
  const bool is_open = generation.status == "streaming" || generation.ended_by_silence ||
                       has_failed_silently(generation);
  if (!is_unsaid || !is_open || !is_last(generation)) return false;
  auto& messages = sessions[generation.session_id];
  if (generation.base_bytes > 0) {
    // Restores the message that begin_turn has removed here.
    if (generation.status == "streaming") {
      messages.push_back({"assistant", generation.text(), true, {}, generation.continued_id});
    }
  } else if (with_question && generation.has_question) {
    messages.pop_back();
    if (messages.empty() && !names_messages()) sessions.erase(generation.session_id);
  }
  generations.erase(generations.begin() + (&generation - generations.data()));
  return true;
}

ScriptedDatabase::Answer ScriptedDatabase::withdraw_turn(const json::Document& request) {
  const auto call_id = text_at(request, "call_id");
  withdrawn_calls_.insert(call_id);
  bool is_withdrawn = false;
  for (auto& generation : generations) {
    if (generation.call_id != call_id) continue;
    if (generation.answers_earlier_question) {
      is_withdrawn = generation.status == "streaming" && generation.chunks.empty();
      if (is_withdrawn) end_for_silence(generation);
    } else {
      is_withdrawn = forget_run(generation, true);
    }
    withdrawn += is_withdrawn ? 1 : 0;
    break;
  }
  return {200, json::dump(json::Document{{"withdrawn", is_withdrawn}})};
}

// The session that a request means; empty: a new one.
std::string ScriptedDatabase::session_of(const json::Document& request) const {
  const auto action = text_at(request, "action");
  if (action == "regenerate" || action == "continue") {
    const auto message_id = text_at(request, "message_id");
    if (!names_messages()) return message_id;
    for (const auto& generation : generations) {
      if (generation.message_id == message_id || generation.user_message_id == message_id) {
        return generation.session_id;
      }
    }
    return "unknown";
  }
  if (names_messages() && json::find(request, "external_id")) return named_session(request);
  return text_at(request, "session_id");
}

void ScriptedDatabase::go_back_to(std::vector<StoredMessage>& messages,
                                  const std::string& message_id) {
  const auto target = std::find_if(messages.begin(), messages.end(),
                                   [&](const auto& message) { return message.id == message_id; });
  if (target == messages.end()) return;
  put_aside.insert(put_aside.end(), target + 1, messages.end());
  messages.erase(target + 1, messages.end());
}

// Begins the turn and undoes that, as the database does.
ScriptedDatabase::Answer ScriptedDatabase::admit_turn(const json::Document& request,
                                                      std::int64_t begun_ms) {
  auto before =
      std::tuple(sessions, generations, put_aside, run_again, sessions_made_, generations_made_);
  const auto answer = begin_turn(request, begun_ms);
  std::tie(sessions, generations, put_aside, run_again, sessions_made_, generations_made_) =
      std::move(before);
  return answer.status == 200 ? Answer{200, "null"} : answer;
}

ScriptedDatabase::Answer ScriptedDatabase::begin_turn(const json::Document& request,
                                                      std::int64_t begun_ms) {
  const auto action = text_at(request, "action");
  const auto key = text_at(request, "idempotency_key");
  const auto call_id = text_at(request, "call_id");
  const auto wait_ms = json::integer_at(request, "wait_ms");
  const bool is_too_late =
      withdrawn_calls_.count(call_id) > 0 || (wait_ms && now_ms() > begun_ms + *wait_ms);
  std::string dead_session_id;
  for (auto& generation : generations) {
    if (key.empty() || generation.idempotency_key != key) continue;
    const bool is_dead = generation.ended_by_silence || has_failed_silently(generation) ||
                         (generation.status == "streaming" && is_silent(generation));
    auto session_id = generation.session_id;
    // Refused first, because a refusal would roll back the deletion of the dead run.
    if (is_dead && is_too_late) return refusal("PT503", "database_unavailable");
    if (!is_dead || !forget_run(generation, false)) {
      return {200, json::dump(begun(generation, true, false, project_id, {}))};
    }
    dead_session_id = std::move(session_id);
    break;
  }
  const bool runs_again = !dead_session_id.empty();
  run_again += runs_again ? 1 : 0;
  const bool is_about_reply = action == "regenerate" || action == "continue";
  auto session_id = runs_again ? dead_session_id : session_of(request);
  const bool is_new = session_id.empty();
  if (is_new) session_id = make_id(++sessions_made_);
  if (!is_new && sessions.count(session_id) == 0) return refusal("PT404", "not_found");
  for (auto& generation : generations) {
    if (generation.session_id != session_id || generation.status != "streaming") continue;
    close_if_silent(generation);
    if (generation.status == "streaming") return refusal("PT409", "turn_in_progress");
  }
  if (is_too_late) return refusal("PT503", "database_unavailable");
  auto& messages = sessions[session_id];
  StoredGeneration generation;
  const auto number = std::to_string(generations_made_ + 1);
  if (names_messages()) {
    generation.user_message_id = "question-" + number;
    generation.message_id = "reply-" + number;
    if (is_about_reply) go_back_to(messages, text_at(request, "message_id"));
  }
  generation.has_question = !is_about_reply && !runs_again;
  generation.answers_earlier_question = !is_about_reply && runs_again;
  if (is_about_reply && messages.back().role == "assistant") {
    if (action == "continue") generation.chunks[0] = messages.back().content;
    generation.base_bytes = generation.text().size();
    generation.saved_bytes = generation.base_bytes;
    generation.continued_id = messages.back().id;
    messages.pop_back();
  }
  if (names_messages() && (is_about_reply || runs_again)) {
    generation.user_message_id = messages.back().id;
  }
  auto history = json::Document::array();
  for (const auto& message : messages) {
    history.push_back({{"role", message.role}, {"content", message.content}});
  }
  if (generation.base_bytes > 0) {
    history.push_back({{"role", "assistant"}, {"content", generation.text()}});
  }
  if (!is_about_reply && runs_again) history.erase(history.size() - 1);
  if (!is_about_reply && !runs_again) {
    const auto* metadata = json::find(request, "message_metadata");
    messages.push_back({"user", text_at(request, "text"), true,
                        metadata ? *metadata : json::Document::object(),
                        generation.user_message_id});
  }
  generation.id = "generation-" + std::to_string(++generations_made_);
  generation.session_id = session_id;
  generation.call_id = call_id;
  generation.heartbeat_ms = now_ms();
  generation.idempotency_key = key;
  for (const auto& other : generations) {
    if (other.session_id == session_id) generation.epoch = other.epoch + 1;
  }
  generations.push_back(generation);
  auto answer = begun(generation, false, is_new, project_id, text_at(request, "title"));
  answer["history"] = history;
  answer.update(further);
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

// Like private.text_beyond: skips text that is already stored.
void ScriptedDatabase::save_beyond(StoredGeneration& generation, std::uint64_t offset,
                                   const std::string& sent) {
  const auto known = static_cast<std::size_t>(generation.saved_bytes - offset);
  if (known >= sent.size()) return;
  generation.chunks[generation.saved_bytes] = sent.substr(known);
  generation.saved_bytes += sent.size() - known;
}

ScriptedDatabase::Answer ScriptedDatabase::append_chunk(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  if (!generation) return refusal("PT404", "not_found");
  const auto offset =
      static_cast<std::uint64_t>(json::integer_at(request, "from_offset").value_or(0));
  const auto text = text_at(request, "text");
  reopen(*generation);
  if (generation->status == "streaming") {
    if (offset > generation->saved_bytes) return refusal("PT422", "invalid_request");
    generation->heartbeat_ms = now_ms();
    save_beyond(*generation, offset, text);
  }
  const json::Document answer = {{"cancel_requested", generation->cancel_requested},
                                 {"status", generation->status},
                                 {"saved_bytes", generation->saved_bytes}};
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::finish_turn(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  if (!generation) return refusal("PT404", "not_found");
  const auto offset =
      static_cast<std::uint64_t>(json::integer_at(request, "from_offset").value_or(0));
  const auto status = text_at(request, "status");
  if (!status.empty()) reopen(*generation);
  const bool is_first = generation->status == "streaming";
  if (is_first) {
    if (offset > generation->saved_bytes) return refusal("PT422", "invalid_request");
    save_beyond(*generation, offset, text_at(request, "text"));
    generation->status = status;
    generation->error_code = text_at(request, "error_code");
    generation->finish_reason = text_at(request, "finish_reason");
    store_reply(*generation);
  }
  json::Document answer = {{"status", generation->status},
                           {"message_id", nullptr},
                           {"already", !is_first},
                           {"saved_bytes", generation->saved_bytes}};
  if (generation->saved_bytes > 0) answer["message_id"] = generation->message_id;
  if (!dossier.is_null()) answer["dossier"] = dossier;
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::read_turn(const json::Document& request) {
  auto* generation = find(text_at(request, "generation_id"));
  for (auto& named : generations) {
    if (stream_id_of(named) == text_at(request, "stream_id")) generation = &named;
  }
  if (!generation) return refusal("PT404", "not_found");
  close_if_silent(*generation);
  const auto after = static_cast<std::size_t>(json::integer_at(request, "after_bytes").value_or(0));
  const bool is_final = generation->status != "streaming";
  const auto text = is_final && generation->saved_bytes == 0 ? "" : generation->text();
  const bool is_stored = is_final && !text.empty();
  json::Document answer = {{"status", generation->status},
                           {"text", text.substr(std::min(after, text.size()))},
                           {"error_code", generation->error_code},
                           {"finish_reason", generation->finish_reason},
                           {"provider", "local"},
                           {"model", "scripted"},
                           {"usage", nullptr}};
  if (!is_final) {
    answer["silent_in_ms"] = generation->heartbeat_ms + kSilenceMs - now_ms();
  }
  answer["saved_bytes"] = generation->saved_bytes;
  if (is_stored) answer["message_id"] = generation->message_id;
  if (names_messages()) {
    answer["generation_id"] = generation->id;
    answer["stream_id"] = stream_id_of(*generation);
    answer["session_id"] = generation->session_id;
    answer["user_message_id"] = generation->user_message_id;
  }
  return {200, json::dump(answer)};
}

ScriptedDatabase::Answer ScriptedDatabase::request_cancel(const json::Document& request) {
  const auto* body = json::find(request, "body");
  const auto epoch = body ? json::integer_at(*body, "epoch") : std::nullopt;
  for (auto& generation : generations) {
    if (stream_id_of(generation) != text_at(request, "stream_id")) continue;
    close_if_silent(generation);
    if (!epoch || *epoch == generation.epoch) {
      generation.cancel_requested |= generation.status == "streaming";
      generation.ended_by_silence = false;
    }
    return {200, json::dump(json::Document{{"body", {{"status", generation.status}}}})};
  }
  return refusal("PT404", "not_found");
}

}  // namespace fabula::tests
