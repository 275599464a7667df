// The conversation with a bot, whose owner has chosen its model and its instructions.
#pragma once

#include "shared/turn/kind.hpp"

namespace fabula::turn::kinds {

extern const Kind kRelay;

}  // namespace fabula::turn::kinds
