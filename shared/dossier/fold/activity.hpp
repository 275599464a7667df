// Which entries count: by what persons have undone, accepted and rejected, and by the path that the
// conversation takes.
#pragma once

#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// Of each entry: `shown` when it counts, else `undone`, `off_path`, `proposed`, `rejected`, or
// `idle` for acts that are not known.
std::vector<Status> find_activity(const Log& log);

}  // namespace fabula::dossier
