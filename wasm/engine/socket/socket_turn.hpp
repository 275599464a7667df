// One reply of a dialogue, sent through its socket: a new turn, the rest of a reply that broke off,
// or a reply of another request. Each has its own log line, like a request.
#pragma once

#include <string_view>

#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/socket/connection.hpp"
#include "wasm/engine/socket/partner.hpp"
#include "wasm/engine/socket/socket_channel.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The objects that the replies of a connection share; they must outlive the replies.
struct SocketSide {
  Call& call;  // of the connection
  const Caller& caller;
  SocketPartner& partner;
  const turn::SocketProtocol& protocol;
  SocketConnection& connection;
};

// Begins a turn with the message, and sends its events. A refused reply has not begun, and has a
// problem that the client has not received yet.
runtime::Task<void> say_in_dialogue(SocketSide side, turn::said::Message message,
                                    SocketReply& reply);

// Continues a reply that broke off, or makes it if it has no text. A refusal is ignored: the reply
// stays as it is.
runtime::Task<void> go_on_in_dialogue(SocketSide side, BrokenReply broken, SocketReply& reply);

// Sends a reply of another request, from the database, until it ends.
runtime::Task<void> follow_in_dialogue(SocketSide side, FollowedReply followed, SocketReply& reply);

}  // namespace fabula::engine
