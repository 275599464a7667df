// What persons have said about which things are the same, and what the story itself says of it.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/fold/records.hpp"
#include "shared/dossier/identity/identity.hpp"

namespace fabula::dossier {

struct SlotDecision {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool is_same = false;
};

// Where they contradict each other the later word counts, so that what is left does not. After them
// come the story's own renamings: who is called Nora now was called Mara before, unless two were.
std::vector<SlotDecision> find_decisions(const Log& log, const std::vector<Status>& activity,
                                         const Records& records);

}  // namespace fabula::dossier
