// Chooses which of several failures is reported when every model of a route has failed.
#pragma once

#include "shared/result/result.hpp"

namespace fabula::turn {

// Whether a later failure is at least as hopeful as the one that would otherwise be reported. A
// failure that may pass is more hopeful than one that will not, and one that may pass sooner is
// more hopeful than a later one; running out of time says less than any other failure.
bool is_as_hopeful(const Problem& later, const Problem& told);

}  // namespace fabula::turn
