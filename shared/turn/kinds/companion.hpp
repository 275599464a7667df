// The conversation with a companion: a character, or whoever the deployment's prompt describes.
#pragma once

#include "shared/turn/kind.hpp"

namespace fabula::turn::kinds {

extern const Kind kCompanion;

}  // namespace fabula::turn::kinds
