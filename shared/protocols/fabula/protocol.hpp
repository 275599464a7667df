// The chat function's own protocol.
#pragma once

#include "shared/turn/protocol.hpp"

namespace fabula::protocols::fabula {

extern const turn::Protocol kProtocol;

}  // namespace fabula::protocols::fabula
