// Where everything that is shown comes from.
#pragma once

#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// [{"fact_id", "target", "type", "field", "value", "kind", "message_id", "span": [begin, end] |
// null, "quote", "model", "prompt", "at"}] in the order of the snapshot: for each value that is
// shown every entry that says it. `target` is the entity's id, the item's, or "story".
std::string provenance_json(Dossier& dossier);

}  // namespace fabula::dossier
