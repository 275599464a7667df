// Serves a socket, from the handshake to the end of all work that its messages have begun.
#pragma once

#include <span>

#include "shared/turn/socket_protocol.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/engine/socket/partner.hpp"

namespace fabula::engine {

// Uses the first of the protocols that the client asks for. A caller without a token is a new
// guest; an invalid token closes the socket with its code, because browsers cannot see why a
// handshake is refused.
runtime::Task<Result<void>> serve_socket(Call& call,
                                         std::span<const turn::SocketProtocol* const> protocols,
                                         SocketPartner& partner);

}  // namespace fabula::engine
