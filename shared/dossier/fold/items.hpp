// Themes, plot points, and questions that the story asks.
#pragma once

#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// Those that are there, in the order of first appearance; notes what has become of their entries.
// The same words, but for case and punctuation, are the same item.
std::vector<Item> find_items(const Log& log, const std::vector<Status>& activity,
                             std::vector<Status>& statuses);

}  // namespace fabula::dossier
