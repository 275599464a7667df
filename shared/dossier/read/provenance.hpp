// The sources of everything that is shown.
#pragma once

#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// [{"fact_id", "target", "type", "field", "value", "kind", "message_id", "span": [begin, end] |
// null, "quote", "model", "prompt", "at"}] in the order of the snapshot: for each shown value every
// entry that states it. `target` is the id of the entity or item, or "story".
std::string provenance_json(Dossier& dossier);

}  // namespace fabula::dossier
