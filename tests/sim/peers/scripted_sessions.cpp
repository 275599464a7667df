#include "tests/sim/peers/scripted_sessions.hpp"

#include <algorithm>
#include <utility>

#include "shared/text/timestamps.hpp"

namespace fabula::tests {
namespace {

std::string member(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::string owner_of(const json::Document& request) {
  const auto* principal = json::find(request, "principal");
  if (!principal) return {};
  const auto subject = member(*principal, "subject");
  return subject.empty() ? member(*principal, "token_hash") : subject;
}

std::string finish_reason_told(const StoredGeneration& generation) {
  if (generation.status == "complete") {
    return generation.finish_reason.empty() ? "stop" : generation.finish_reason;
  }
  return generation.status == "stopped" ? "cancelled" : "error";
}

json::Document event_body(const SessionEvent& event) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json::Document() : json::Document(text);
  };
  return {{"id", event.id},
          {"role", event.role},
          {"type", event.type},
          {"content", event.content},
          {"timestamp", event.timestamp},
          {"message_id", or_null(event.message_id)},
          {"client_id", or_null(event.client_id)},
          {"metadata", event.metadata}};
}

}  // namespace

// An event's content, and the key that identifies it.
struct ScriptedSessions::Fact {
  std::string key;
  SessionEvent event;
};

ScriptedSessions::ScriptedSessions(ScriptedDatabase& database) : database_(database) {
  database.named_session = [this](const auto& request) { return find_or_make(request).id; };
  database.after_call = [this] { follow(); };
  database.functions = {
      {"open_realtime_session", [this](const auto& request) { return open(request); }},
      {"look_at_realtime_session", [this](const auto& request) { return look(request); }},
      {"leave_realtime_session", [this](const auto& request) { return leave(request); }},
  };
}

const ScriptedSessions::Session* ScriptedSessions::only() const {
  return sessions.size() == 1 ? &sessions.begin()->second : nullptr;
}

const std::vector<StoredMessage>& ScriptedSessions::messages(const Session& session) const {
  return database_.sessions.at(session.id);
}

ScriptedSessions::Session* ScriptedSessions::find(const json::Document& request) {
  const auto found = sessions.find(owner_of(request) + "\n" + member(request, "session_id"));
  return found == sessions.end() ? nullptr : &found->second;
}

// Turns name the session `external_id`, connections `session_id`.
ScriptedSessions::Session& ScriptedSessions::find_or_make(const json::Document& request) {
  auto name = member(request, "external_id");
  if (name.empty()) name = member(request, "session_id");
  auto& session = sessions[owner_of(request) + "\n" + name];
  if (session.id.empty()) {
    session.name = name;
    session.id = ScriptedDatabase::make_id(900 + sessions.size());
    database_.sessions[session.id] = {};
  }
  return session;
}

bool ScriptedSessions::is_known(const json::Document& request) const {
  const auto* principal = json::find(request, "principal");
  return principal && (member(*principal, "kind") != "guest" ||
                       guests_.count(member(*principal, "token_hash")) > 0);
}

ScriptedSessions::Answer ScriptedSessions::open(const json::Document& request) {
  const auto* principal = json::find(request, "principal");
  if (principal && member(*principal, "kind") == "new_guest") guests_.insert(owner_of(request));
  if (!is_known(request)) return ScriptedDatabase::refusal("PT401", "invalid_token");
  auto& session = find_or_make(request);
  const bool is_new = session.opened++ == 0;
  session.connections.insert(member(request, "connection_id"));
  follow();
  auto answer = state(session, request);
  answer["user_id"] = "user-1";
  answer["session_id"] = session.id;
  answer["external_id"] = session.name;
  answer["is_new"] = is_new;
  const auto& messages = database_.sessions.at(session.id);
  answer["is_begun"] = !messages.empty();
  if (!messages.empty()) answer["mode"] = member(messages.front().metadata, "task");
  answer["start_time"] = text::format_timestamp(database_.now_ms());
  return {200, json::dump(answer)};
}

ScriptedSessions::Answer ScriptedSessions::look(const json::Document& request) {
  if (!is_known(request)) return ScriptedDatabase::refusal("PT401", "invalid_token");
  auto* session = find(request);
  if (!session) return ScriptedDatabase::refusal("PT404", "not_found");
  session->connections.insert(member(request, "connection_id"));
  follow();
  return {200, json::dump(state(*session, request))};
}

ScriptedSessions::Answer ScriptedSessions::leave(const json::Document& request) {
  if (auto* session = find(request)) session->connections.erase(member(request, "connection_id"));
  return {200, "{}"};
}

std::string ScriptedSessions::client_id_of(const std::string& user_message_id) const {
  for (const auto& [id, messages] : database_.sessions) {
    for (const auto& message : messages) {
      if (message.id == user_message_id) return member(message.metadata, "client_id");
    }
  }
  return {};
}

json::Document ScriptedSessions::running(const Session& session) const {
  for (const auto& generation : database_.generations) {
    if (generation.session_id != session.id || generation.status != "streaming") continue;
    if (database_.is_silent(generation)) continue;
    const auto client_id = client_id_of(generation.user_message_id);
    return {{"stream_id", ScriptedDatabase::stream_id_of(generation)},
            {"generation_id", generation.id},
            {"message_id", generation.message_id},
            {"user_message_id", generation.user_message_id},
            {"client_id", client_id.empty() ? json::Document() : json::Document(client_id)},
            {"epoch", generation.epoch},
            {"text_bytes", generation.saved_bytes}};
  }
  return {};
}

// Like private.session_state.
json::Document ScriptedSessions::state(const Session& session,
                                       const json::Document& request) const {
  const auto after = json::integer_at(request, "after_event_id");
  const auto limit = static_cast<std::size_t>(
      std::min(json::integer_at(request, "limit").value_or(100), page_events));
  std::vector<const SessionEvent*> found;
  for (const auto& event : session.events) {
    if (event.id > after.value_or(0)) found.push_back(&event);
  }
  const bool has_more = after && found.size() > limit;
  if (found.size() > limit && after) found.resize(limit);
  if (found.size() > limit) found.erase(found.begin(), found.end() - static_cast<long>(limit));
  auto events = json::Document::array();
  for (const auto* event : found) events.push_back(event_body(*event));
  return {{"last_event_id", session.events.empty() ? 0 : session.events.back().id},
          {"events", events},
          {"has_more", has_more},
          {"running", running(session)}};
}

// Everything that the log should have, in the order in which it happens within one transaction:
// replies that end, then questions.
std::vector<ScriptedSessions::Fact> ScriptedSessions::facts_of(const Session& session) const {
  std::vector<Fact> facts;
  for (const auto& generation : database_.generations) {
    if (generation.session_id != session.id || generation.status == "streaming") continue;
    const bool has_text = generation.saved_bytes > 0;
    SessionEvent event;
    event.role = has_text ? "assistant" : "system";
    event.type = has_text ? "message" : generation.status == "stopped" ? "system" : "error";
    event.content = has_text                         ? generation.text()
                    : generation.status == "stopped" ? "cancelled"
                    : generation.error_code.empty()  ? generation.status
                                                     : generation.error_code;
    if (has_text) event.message_id = generation.message_id;
    event.metadata = {{"finish_reason", finish_reason_told(generation)},
                      {"status", generation.status},
                      {"is_complete", generation.status == "complete"},
                      {"stream_id", ScriptedDatabase::stream_id_of(generation)},
                      {"user_message_id", generation.user_message_id}};
    const auto client_id = client_id_of(generation.user_message_id);
    if (has_text && !client_id.empty()) event.metadata["client_id"] = client_id;
    facts.push_back({"reply " + generation.id + " " + generation.status + " " +
                         std::to_string(generation.saved_bytes),
                     event});
  }
  auto questions = database_.sessions.at(session.id);
  questions.insert(questions.end(), database_.put_aside.begin(), database_.put_aside.end());
  for (const auto& message : questions) {
    if (message.role != "user") continue;
    SessionEvent event;
    event.role = "user";
    event.type = "message";
    event.content = message.content;
    event.message_id = message.id;
    event.client_id = member(message.metadata, "client_id");
    event.metadata = json::Document::object();
    facts.push_back({"question " + message.id, event});
  }
  return facts;
}

void ScriptedSessions::follow() {
  for (auto& [key, session] : sessions) follow(session);
}

void ScriptedSessions::follow(Session& session) {
  auto facts = facts_of(session);
  std::map<std::string, std::int64_t> told;
  for (auto& fact : facts) {
    const auto known = session.told.find(fact.key);
    if (known != session.told.end()) {
      told.insert(*known);
      continue;
    }
    fact.event.id = ++last_event_id_;
    fact.event.timestamp = text::format_timestamp(database_.now_ms());
    told.emplace(fact.key, fact.event.id);
    session.events.push_back(std::move(fact.event));
  }
  std::erase_if(session.events, [&told](const SessionEvent& event) {
    return std::none_of(told.begin(), told.end(),
                        [&event](const auto& entry) { return entry.second == event.id; });
  });
  session.told = std::move(told);
}

}  // namespace fabula::tests
