// What a character is to others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/dossier/fold/decide.hpp"

namespace fabula::dossier {

// Who has a name, by the name's number: a cluster of characters, or kNone where there are several.
class NameOwners {
 public:
  NameOwners(const Log& log, const std::vector<Status>& activity, const Clusters& clusters);
  std::uint32_t of(std::uint32_t value) const {
    return value < owners_.size() ? owners_[value] : kNone;
  }

 private:
  std::vector<std::uint32_t> owners_;
};

// The cluster that a relation leads to; kNone when it is only a name.
std::uint32_t other_cluster(const Folding& folding, const NameOwners& owners, EntryIndex relation);

// Relations of a cluster as "sister: Nora", by the others' present names: what relations say that
// is neither corrected nor retracted. `needs_values`: persons have said something of the list too.
std::vector<Element> find_relations(Folding& folding, const NameOwners& owners,
                                    std::uint32_t cluster, std::span<const Event> events,
                                    bool needs_values);

}  // namespace fabula::dossier
