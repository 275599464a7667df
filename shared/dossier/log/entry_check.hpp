// What entries of each act must have.
#pragma once

#include <string_view>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

// What the act needs and the entry lacks; "" if nothing.
std::string_view missing_members(const Entry& entry, const Ontology& ontology);

// Who may do it: whatever else stands in a log does nothing.
bool is_act_of(Act act, EntryKind kind);

}  // namespace fabula::dossier
