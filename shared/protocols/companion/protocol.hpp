// The protocol of the companion function: chat's events, each with the conversation's id; a whole
// reply has the format of the service whose clients it serves.
#pragma once

#include "shared/turn/protocol.hpp"

namespace fabula::protocols::companion {

extern const turn::Protocol kProtocol;

}  // namespace fabula::protocols::companion
