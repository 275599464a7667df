// The messages of document 004's socket: start_conversation, message and ping in;
// conversation_started, token, message, pong and error out. Every message out has its `type` and
// the `conversation_id`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/turn/socket_protocol.hpp"

namespace fabula::protocols::companion {

// The state of a connection that its outgoing messages contain.
struct SocketState {
  std::string conversation_id;  // of the newest message; empty: none yet
  std::string new_guest_token;  // sent once, with the first conversation
};

// conversation_started. `greeting`: the conversation's first message; empty: there is none.
void write_started(std::string& out, SocketState& state, std::string_view character_id,
                   std::string_view greeting);

class SocketProtocol final : public turn::SocketProtocol {
 public:
  // `name` is the sub-protocol that clients ask for; the state must outlive this object.
  SocketProtocol(std::string_view name, SocketState& state) : name_(name), state_(state) {}

  std::string_view name() const override { return name_; }
  std::int64_t longest_idle_ms() const override;
  Result<turn::Said> read(std::string_view message) const override;
  std::string id_of_refused(std::string_view message) const override;
  std::unique_ptr<turn::Framing> framing(turn::SocketTelling telling) const override;
  void pong(std::string& out) const override;
  void refusal(std::string& out, std::string_view id, const Problem& problem) const override;

 private:
  std::string_view name_;
  SocketState& state_;
};

}  // namespace fabula::protocols::companion
