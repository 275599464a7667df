// Our own protocol, of the chat function.
#pragma once

#include "shared/turn/protocol.hpp"

namespace fabula::protocols::fabula {

extern const turn::Protocol kProtocol;

}  // namespace fabula::protocols::fabula
