// The sub-protocol `fabula.v1` of realtime sessions: one JSON object per message, in both
// directions. README.md describes it for clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/realtime/rows.hpp"
#include "shared/turn/socket_protocol.hpp"

namespace fabula::protocols::realtime {

// The first message to a client whose connection has joined a session.
struct Ready {
  std::string_view session_id;
  std::string_view user_id;
  std::string_view new_guest_token;  // empty: the caller was known
  std::string_view start_time;
  std::int64_t last_event_id = 0;
  const std::vector<fabula::realtime::Event>& events;
  bool has_more = false;     // further events follow, each as a message
  std::string_view running;  // the id of the message whose reply is running; empty: none
};

void write_ready(std::string& out, const Ready& ready);
// One event of the session's log.
void write_event(std::string& out, const fabula::realtime::Event& event);

extern const turn::SocketProtocol& kJsonProtocol;

}  // namespace fabula::protocols::realtime
