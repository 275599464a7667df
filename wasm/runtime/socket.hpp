// The WebSocket that the incoming request asked for (RFC 6455). A request that accepts one has no
// response; the socket lives until one side closes it or the instance ends.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/operation.hpp"

namespace fabula::runtime {

// Answers the handshake with this sub-protocol; empty: none. False when the request is no
// handshake: then it is still unanswered.
bool accept_socket(Context& context, std::string_view protocol);

// Receives the next message into `buffer`, which must outlive the operation. The outcome's `value`
// is the message's whole length, its `detail` an abi::MessageKind. A message that is longer than
// the buffer is not taken: receive it again into a larger one. Status `overflow`: messages were
// lost, because they arrived faster than they were received. Status `disconnected`: the socket is
// closed, `value` is the close code. One at a time; destroying it loses no message.
class SocketReceive : public Operation {
 public:
  SocketReceive(Context& context, std::span<char> buffer) : Operation(context) {
    fabula_import_socket_receive(context.request(), id(), buffer.data(),
                                 static_cast<std::uint32_t>(buffer.size()));
  }
};

// Sends a text message; the bytes are copied at once. Ready when the host takes more, with status
// `disconnected` when the socket is closed. One at a time.
class SocketSend : public Operation {
 public:
  SocketSend(Context& context, std::string_view text) : Operation(context) {
    fabula_import_socket_send(context.request(), id(), text.data(),
                              static_cast<std::uint32_t>(text.size()));
  }
};

// Closes the socket after everything that was sent. `reason`: UTF-8, at most 123 bytes.
void close_socket(Context& context, std::uint32_t code, std::string_view reason);

}  // namespace fabula::runtime
