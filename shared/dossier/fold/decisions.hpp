// Decisions about which things are the same, made by persons or by the story itself.
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

// If decisions contradict each other, the later one wins, so that the result is consistent. The
// story's own renamings come last: the character now called Nora is the former Mara, unless there
// were two.
std::vector<SlotDecision> find_decisions(const Log& log, const std::vector<Status>& activity,
                                         const Records& records);

}  // namespace fabula::dossier
