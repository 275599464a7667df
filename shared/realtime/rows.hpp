// The requests and answers of the database's functions for realtime sessions (declared in
// shared/database/realtime.hpp; supabase/schemas/realtime).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/auth/principal.hpp"
#include "shared/json/text.hpp"

namespace fabula::realtime {

// The most events of one answer; the database gives fewer when they are long.
inline constexpr std::int64_t kMaximumEvents = 100;

// An event in a session's log. Ids grow in the order in which clients see events.
struct Event {
  std::int64_t id = 0;
  std::string role;  // user, assistant, system or tool
  std::string type;  // message, error, tool_call, tool_result or system
  std::string content;
  std::string timestamp;
  std::string message_id;       // empty: not about a message
  std::string client_id;        // the client's own name for its message; empty: none
  std::string metadata = "{}";  // a JSON object

  friend bool operator==(const Event&, const Event&) = default;
};

// Writes the event as clients see it; absent ids are null.
void write_event(json::Writer& writer, const Event& event);

// The reply that is running in a session.
struct RunningTurn {
  std::string stream_id;
  std::string generation_id;
  std::string message_id;  // of the reply
  std::string user_message_id;
  std::string client_id;  // the client's name for the user's message; empty: none
  std::int64_t epoch = 0;
  std::uint64_t text_bytes = 0;  // stored bytes of the reply

  friend bool operator==(const RunningTurn&, const RunningTurn&) = default;
};

// The state of a session. `events` are those asked for, oldest first.
struct Seen {
  std::int64_t last_event_id = 0;  // of the session; 0: none
  std::vector<Event> events;
  bool has_more = false;  // there are later events than these
  std::optional<RunningTurn> running;
};

// Makes or resumes the session with the caller's name `session_id`, and counts the connection as
// present. Without after_event_id the answer has the newest events, else those after it.
struct OpenSession {
  const auth::Principal& principal;
  std::string_view session_id;     // the caller's own text, of 1 to 128 characters
  std::string_view connection_id;  // a new UUID for each connection
  std::optional<std::int64_t> after_event_id = {};
  std::int64_t limit = kMaximumEvents;
  std::int64_t left_seconds = 60;    // FABULA_REALTIME_LEFT_SECONDS
  std::string_view project_id = {};  // the story of a new session; empty: none
  std::string_view admission = {};   // a JSON object (supabase/schemas/admission/admit.sql)
};

void write_open_session(std::string& out, const OpenSession& request);

struct OpenedSession {
  std::string user_id;
  std::string session_id;   // the UUID
  std::string external_id;  // the caller's own text
  bool is_new = false;
  bool is_begun = false;  // it has messages
  std::string mode;       // chosen by its first message; empty: none
  std::string start_time;
  Seen seen;
};

std::optional<OpenedSession> read_opened_session(std::string answer);

// Keeps the connection present, and reads the events since the last call.
struct Look {
  const auth::Principal& principal;
  std::string_view session_id;  // the caller's own text
  std::string_view connection_id;
  std::int64_t after_event_id = 0;
  std::int64_t limit = kMaximumEvents;
  std::int64_t left_seconds = 60;
};

void write_look(std::string& out, const Look& request);
std::optional<Seen> read_seen(std::string answer);

// Ends the connection. If it was the last one, the session becomes inactive.
struct Leave {
  const auth::Principal& principal;
  std::string_view session_id;  // the caller's own text
  std::string_view connection_id;
  std::int64_t left_seconds = 60;
};

void write_leave(std::string& out, const Leave& request);

// Adds an event that is no message: a tool call, its result, or a system event. An event whose
// metadata has a `call_id` is stored once for each generation and type.
struct AddEvent {
  const auth::Principal& principal;
  std::string_view session_id;  // the UUID
  std::string_view generation_id = {};
  std::string_view type;  // tool_call, tool_result or system
  std::string_view role;  // assistant, tool or system
  std::string_view content;
  std::string_view metadata = "{}";  // a JSON object
};

void write_add_event(std::string& out, const AddEvent& request);

struct AddedEvent {
  std::int64_t id = 0;
};

std::optional<AddedEvent> read_added_event(std::string answer);

}  // namespace fabula::realtime
