// The protocol of the companion function: chat's events, each with the conversation's id; whole,
// the answer of the service whose clients it has.
#pragma once

#include "shared/turn/protocol.hpp"

namespace fabula::protocols::companion {

extern const turn::Protocol kProtocol;

}  // namespace fabula::protocols::companion
