// Records in reading order, and which of them came twice.
#pragma once

#include <span>
#include <vector>

#include "shared/dossier/identity/counts.hpp"
#include "shared/dossier/identity/identity.hpp"

namespace fabula::dossier::identity {

// The inputs by reading order, and by content where that is the same.
std::vector<Index> reading_order(std::span<const PreparedRecord> inputs);

bool is_one_delivery(const PreparedRecord& a, const PreparedRecord& b);

// Of each input of a delivery that came before at the same place with the same names (an answer
// that was asked for again), which one it is again; kNone for all others. Counted twice, one error
// of an extraction would look like two. What a person has decided on is never left out.
std::vector<Index> find_copies(std::span<const PreparedRecord> inputs,
                               std::span<const IdentityDecision> decisions,
                               const std::vector<Index>& order);

}  // namespace fabula::dossier::identity
