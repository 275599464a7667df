// Reads the body of an entry without making a document: a log has thousands.
#pragma once

#include <string_view>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/scanner.hpp"

namespace fabula::dossier {

// Reads the next value into those members of `entry` that come from a body; they must be unset.
// Returns the fault, or "" if there is none; in both cases the value has been read to its end,
// unless the scanner has failed.
std::string_view read_body(json::Scanner& scanner, Entry& entry, const Ontology& ontology);

// For an entry that has everything from its row: checks parse_entry's other conditions, and sets
// types that the act implies.
Result<void> complete_entry(Entry& entry, const Ontology& ontology);

}  // namespace fabula::dossier
