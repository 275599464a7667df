// The required members of each act's entries.
#pragma once

#include <string_view>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

// The members that the act needs and the entry lacks; "" if none.
std::string_view missing_members(const Entry& entry, const Ontology& ontology);

// Whether this kind of entry may have the act: others in a log have no effect.
bool is_act_of(Act act, EntryKind kind);

}  // namespace fabula::dossier
