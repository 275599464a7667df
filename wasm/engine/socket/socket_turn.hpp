// One reply of a dialogue, told by its socket: a turn of its own, the rest of a reply that broke
// off, or a reply that somebody else writes. Each has a line of the log, as a request has.
#pragma once

#include <string_view>

#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/socket/connection.hpp"
#include "wasm/engine/socket/partner.hpp"
#include "wasm/engine/socket/socket_channel.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// What the replies of a connection share; all of it outlives them.
struct SocketSide {
  Call& call;  // of the connection
  const Caller& caller;
  SocketPartner& partner;
  const turn::SocketProtocol& protocol;
  SocketConnection& connection;
};

// Begins a turn with the message, and tells it. A reply that was refused has not begun, and has a
// problem that the client has not been told yet.
runtime::Task<void> say_in_dialogue(SocketSide side, turn::said::Message message,
                                    SocketReply& reply);

// Continues a reply that broke off, or makes it if nothing was said. A refusal is nobody's concern:
// the reply stays as it is.
runtime::Task<void> go_on_in_dialogue(SocketSide side, BrokenReply broken, SocketReply& reply);

// Tells a reply that another request writes, from the database, until it ends.
runtime::Task<void> follow_in_dialogue(SocketSide side, FollowedReply followed, SocketReply& reply);

}  // namespace fabula::engine
