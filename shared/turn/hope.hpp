// Which of several failures is told, when every model of a route has failed.
#pragma once

#include "shared/result/result.hpp"

namespace fabula::turn {

// Whether a later failure is at least as hopeful as the one that would be told without it. One that
// may pass is more hopeful than one that will not, and so is one that may pass sooner; that the
// time is over says less than any other.
bool is_as_hopeful(const Problem& later, const Problem& told);

}  // namespace fabula::turn
