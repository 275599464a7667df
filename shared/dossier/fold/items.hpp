// Themes, plot points, and questions that the story raises.
#pragma once

#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// The items that are shown, in the order of first appearance; records the statuses of their
// entries. Texts that differ only in case and punctuation are the same item.
std::vector<Item> find_items(const Log& log, const std::vector<Status>& activity,
                             std::vector<Status>& statuses);

}  // namespace fabula::dossier
