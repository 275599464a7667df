// Which mentions of places or objects are the same thing: those that have a name in common.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/dossier/identity.hpp"

namespace fabula::dossier {

// As identify_people, for things: two records of one delivery with the same name are one thing.
// Articles in front do not count: "the old mill" is "old mill".
std::vector<std::uint32_t> identify_things(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions);

}  // namespace fabula::dossier
