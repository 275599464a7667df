// Calls /realtime in the simulation: a client of fabula.v1 that behaves like a good page, which
// reconnects when its socket ends and sends unaccepted messages again; and sockets to use directly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/json/document.hpp"
#include "tests/sim/peers/chat_client.hpp"
#include "tests/sim/peers/scripted_sessions.hpp"

namespace fabula::tests {

struct RealtimeWorld : ChatWorld {
  explicit RealtimeWorld(std::uint64_t seed) : ChatWorld(seed) {}

  ScriptedSessions sessions{database};

  // Asks for a socket. `protocols`: the header's list; empty: none.
  sim::Client& open(const std::string& session_id, const std::string& protocols = {},
                    const std::string& more_headers = {}, const std::string& query = {});
};

// A message of the protocol; `body`: its members after the type, such as `"id":"m1"`.
std::string typed(std::string_view type, std::string_view body = {});

// The messages of a type that a client has received.
std::vector<json::Document> of_type(const sim::Client& client, std::string_view type);
// The last of them; null when there is none.
json::Document last_of(const sim::Client& client, std::string_view type);
std::string text_in(const json::Document& message, std::string_view key);

// A reply as its client knows it.
struct HeardReply {
  std::string text;                        // joined from tokens
  std::optional<std::string> stored_text;  // the event's, if one had all of it
  std::string user_message_id;
  std::string stream_id;
  std::string finish_reason;  // of done
  std::string done_text;      // the text at that time: a repeated message may be sent again
  std::string error;          // the code of the last error, if nothing has arrived after it
  std::string broken;         // the code of the last event about it, if that reports a failure
  bool is_accepted = false;
  bool is_retryable = false;
  int done = 0;
  int refused = 0;  // how often an error came before it was accepted
  int errors = 0;   // and how often at all

  // A page's text: a client that was away at the end has it from the event.
  std::string whole() const { return done == 0 ? stored_text.value_or(text) : text; }
  bool is_over() const { return done > 0 || stored_text; }
  bool has_failed() const { return !error.empty() || !broken.empty(); }
};

class RealtimeClient {
 public:
  // `token`: of a caller that is known; empty: the first connection makes a guest.
  RealtimeClient(RealtimeWorld& chat, std::string session_id, std::string token = {});
  RealtimeClient(const RealtimeClient&) = delete;
  RealtimeClient& operator=(const RealtimeClient&) = delete;

  void connect();
  void say(const std::string& id, const std::string& text = "Tell me.");
  void cancel(const std::string& id);
  // Sends a message again, whether it was accepted or not.
  void repeat(const std::string& id);
  // The network is gone. The client connects again.
  void drop();
  // Closes for good.
  void leave();
  // Reads nothing, or reads on.
  void pause();
  void go_on();

  // The client's behaviour.
  bool reconnects = true;
  bool acknowledges = true;
  bool answers_pings = true;
  std::int64_t reaction_ms = 5;
  std::int64_t reconnect_ms = 300;
  std::set<std::size_t> drops_after;  // so many messages of all its connections

  bool is_ready() const { return is_ready_; }
  bool is_connected() const { return socket_ && socket_->is_open(); }
  sim::Client& socket() { return *socket_; }
  const std::string& token() const { return token_; }
  void use_token(std::string token) { token_ = std::move(token); }
  const HeardReply& reply(const std::string& id) const { return replies_.at(id); }
  const std::map<std::string, HeardReply>& replies() const { return replies_; }
  const std::vector<std::string>& said() const { return said_; }
  const std::vector<std::int64_t>& events() const { return events_; }
  const std::vector<std::string>& faults() const { return faults_; }  // breaches of the protocol
  // Every message is answered, was taken back, or has failed for good.
  bool has_heard_all_said() const;
  int connections() const { return connections_; }
  std::uint32_t last_close_code() const { return last_close_code_; }
  const std::string& last_close_reason() const { return last_close_reason_; }

 private:
  void notice();
  void read();
  void hear(const json::Document& message);
  void hear_ready(const json::Document& message);
  void hear_event(const json::Document& event);
  void hear_stored(const json::Document& event, const json::Document& metadata);
  void hear_token(const json::Document& message);
  void hear_error(const json::Document& message);
  void ended();
  void send(std::string message);
  void send_message(const std::string& id);
  void try_again(const std::string& id, int errors);
  bool is_settled(const std::string& id) const;
  HeardReply& reply_of(const json::Document& message);
  void fault(std::string text) { faults_.push_back(std::move(text)); }

  RealtimeWorld& chat_;
  std::string session_id_;
  std::string token_;
  sim::Client* socket_ = nullptr;
  int connections_ = 0;
  std::size_t read_ = 0;      // messages of this connection
  std::size_t read_all_ = 0;  // and of all
  std::uint64_t received_bytes_ = 0;
  bool is_ready_ = false;
  bool is_paused_ = false;
  bool is_noticed_ = false;
  bool has_left_ = false;
  std::int64_t after_ms_ = 0;  // from `reconnect`
  std::vector<std::string> said_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, HeardReply> replies_;
  std::map<std::string, std::string> names_;  // of user messages: their client's names
  std::vector<std::int64_t> events_;
  std::int64_t last_event_id_ = 0;
  std::vector<std::string> faults_;
  std::uint32_t last_close_code_ = 0;
  std::string last_close_reason_;
};

}  // namespace fabula::tests
