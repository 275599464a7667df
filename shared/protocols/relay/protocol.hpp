// The protocol of the stream function.
#pragma once

#include "shared/turn/protocol.hpp"

namespace fabula::protocols::relay {

extern const turn::Protocol kProtocol;

}  // namespace fabula::protocols::relay
