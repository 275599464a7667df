// The function's part of the dialogue over a socket: the conversations, and the turns of its kind.
// A function makes one for each connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/result/result.hpp"
#include "shared/turn/socket_protocol.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/conversation.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/turn.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// A reply that another connection or request is writing.
struct FollowedReply {
  std::string id;  // the client's name of the message, else the id of the user's message
  std::string stream_id;
  std::string generation_id;
  std::int64_t epoch = 0;
};

// A reply whose server has ended in the middle of it, or before its first word.
struct BrokenReply {
  std::string id;          // as in FollowedReply
  std::string message_id;  // the reply's; if it has no text, the user's
  std::string stream_id;   // of the turn that began it
  bool is_unsaid = false;
};

// The news of a partner: messages to send, and the replies that it has seen.
struct SocketNews {
  std::vector<std::string> messages;  // to send, in this order
  bool has_more = false;              // looking again will bring more
  std::optional<FollowedReply> running;
  std::optional<BrokenReply> broken;  // the conversation's newest message
};

class SocketPartner {
 public:
  SocketPartner() = default;
  SocketPartner(const SocketPartner&) = delete;
  SocketPartner& operator=(const SocketPartner&) = delete;
  virtual ~SocketPartner() = default;

  // Begins the connection, in this protocol. Afterwards a new guest exists, and `caller` has its
  // identity.
  virtual runtime::Task<Result<SocketNews>> open(Call& call, Caller& caller,
                                                 const turn::SocketProtocol& protocol,
                                                 const turn::said::Hello& hello) = 0;
  // The client requests a conversation.
  virtual runtime::Task<Result<SocketNews>> start(Call& call, Caller& caller,
                                                  const turn::said::Start& start);
  // Returns the news since the last look. Called only for partners that look.
  virtual bool looks() const { return false; }
  virtual runtime::Task<Result<SocketNews>> look(Call& call, const Caller& caller);
  // The connection has ended.
  virtual runtime::Task<void> leave(Call& call, const Caller& caller);

  virtual std::unique_ptr<Conversation> make_conversation() = 0;
  // The turn that a message requests.
  virtual runtime::Task<Result<TurnRequest>> request(Call& call, const turn::Kind& kind,
                                                     const turn::said::Message& message) = 0;
};

}  // namespace fabula::engine
