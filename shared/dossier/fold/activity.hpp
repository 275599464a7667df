// Decides which entries count. This depends on what persons have undone, accepted and rejected, and
// on the path of the conversation.
#pragma once

#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// For each entry: `shown` when it counts, else `undone`, `off_path`, `proposed`, `rejected`, or
// `idle` for unknown acts.
std::vector<Status> find_activity(const Log& log);

}  // namespace fabula::dossier
