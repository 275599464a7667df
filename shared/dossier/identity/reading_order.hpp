// Puts records into reading order and finds duplicates.
#pragma once

#include <span>
#include <vector>

#include "shared/dossier/identity/counts.hpp"
#include "shared/dossier/identity/identity.hpp"

namespace fabula::dossier::identity {

// Indexes of the inputs in reading order, then by content.
std::vector<Index> reading_order(std::span<const PreparedRecord> inputs);

bool is_one_delivery(const PreparedRecord& a, const PreparedRecord& b);

// For each input of a delivery that is a repeated answer (an earlier delivery has the same place
// and names): the input that it repeats; kNone for all others. If they were counted twice, one
// error of an extraction would look like two. Records on which a person has decided are never
// duplicates.
std::vector<Index> find_copies(std::span<const PreparedRecord> inputs,
                               std::span<const IdentityDecision> decisions,
                               const std::vector<Index>& order);

}  // namespace fabula::dossier::identity
