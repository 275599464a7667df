// Reads the body of an entry, without a document in between: a log has thousands.
#pragma once

#include <string_view>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/scanner.hpp"

namespace fabula::dossier {

// Reads the value that comes next into the members of `entry` that a body has, which must be as a
// new entry has them. Gives what is wrong with it, "" if nothing; it has been walked either way,
// unless the scanner has failed.
std::string_view read_body(json::Scanner& scanner, Entry& entry, const Ontology& ontology);

// Of an entry with all that its row says: parse_entry's other conditions, and the types that go
// without saying.
Result<void> complete_entry(Entry& entry, const Ontology& ontology);

}  // namespace fabula::dossier
