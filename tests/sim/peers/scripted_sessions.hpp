// The database's functions for realtime sessions (supabase/schemas/realtime) next to the turns of a
// ScriptedDatabase: who is connected, and a log of events that agrees with the conversations.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/peers/scripted_database.hpp"

namespace fabula::tests {

struct SessionEvent {
  std::int64_t id = 0;
  std::string role;
  std::string type;
  std::string content;
  std::string message_id;
  std::string client_id;
  json::Document metadata;
  std::string timestamp;
};

class ScriptedSessions {
 public:
  // The database must outlive it.
  explicit ScriptedSessions(ScriptedDatabase& database);
  ScriptedSessions(const ScriptedSessions&) = delete;
  ScriptedSessions& operator=(const ScriptedSessions&) = delete;

  struct Session {
    std::string id;
    std::string name;
    std::vector<SessionEvent> events;
    // The existing events, by their content: a change of it is another event.
    std::map<std::string, std::int64_t> told;
    std::set<std::string> connections;
    int opened = 0;
  };

  // Keyed by owner and name.
  std::map<std::string, Session> sessions;
  // The longest answer, in events.
  std::int64_t page_events = 100;

  // The only session; nullptr when there is none.
  const Session* only() const;
  const std::vector<StoredMessage>& messages(const Session& session) const;
  // Records everything that has happened since the last call of the database.
  void follow();

 private:
  struct Fact;

  using Answer = ScriptedDatabase::Answer;
  Answer open(const json::Document& request);
  Answer look(const json::Document& request);
  Answer leave(const json::Document& request);
  Session& find_or_make(const json::Document& request);
  Session* find(const json::Document& request);
  bool is_known(const json::Document& request) const;
  std::vector<Fact> facts_of(const Session& session) const;
  void follow(Session& session);
  json::Document state(const Session& session, const json::Document& request) const;
  json::Document running(const Session& session) const;
  std::string client_id_of(const std::string& user_message_id) const;

  ScriptedDatabase& database_;
  std::set<std::string> guests_;  // hashes of their tokens
  std::int64_t last_event_id_ = 0;
};

}  // namespace fabula::tests
