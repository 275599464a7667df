// A live conversation over a socket.
#pragma once

#include "shared/turn/kind.hpp"

namespace fabula::turn::kinds {

extern const Kind kRealtime;

}  // namespace fabula::turn::kinds
