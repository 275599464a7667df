// The conversation with a companion: a character, or the role in the deployment's prompt.
#pragma once

#include "shared/turn/kind.hpp"

namespace fabula::turn::kinds {

extern const Kind kCompanion;

}  // namespace fabula::turn::kinds
