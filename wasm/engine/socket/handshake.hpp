// The request that opens a socket, before it is answered: the sub-protocol and the caller's token.
// Browsers cannot set headers on a socket, so a token may also be an entry of the list of
// sub-protocols, which is never chosen, or the query's `token`, which is never logged.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/socket_protocol.hpp"
#include "wasm/engine/call.hpp"

namespace fabula::engine {

struct Handshake {
  const turn::SocketProtocol* protocol = nullptr;
  // The request's headers, with the token, wherever it was, as `authorization`.
  http::Headers headers;
};

// Chooses the first of the protocols that the client asks for; one without a name is for clients
// that ask for none. Refusals: upgrade_required when the request is no handshake, forbidden when
// its origin may not call, invalid_request when it asks only for other sub-protocols.
Result<Handshake> read_handshake(const Call& call,
                                 std::span<const turn::SocketProtocol* const> protocols);

}  // namespace fabula::engine
