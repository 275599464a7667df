// The protocol of document 001, for clients that ask for no sub-protocol: text in, the reply's
// texts out, and nothing else. An error closes the socket with the code as the reason.
#pragma once

#include "shared/turn/socket_protocol.hpp"

namespace fabula::protocols::realtime {

extern const turn::SocketProtocol& kRawProtocol;

}  // namespace fabula::protocols::realtime
