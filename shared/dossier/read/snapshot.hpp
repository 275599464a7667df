// The dossier as clients read it: `snapshot_json`.
#pragma once

#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// Canonical: the same bytes for the same set of entries.
//   {"characters": [{"id", "name", "aliases", "description", "relationships", "character_arc",
//     further fields that are set, "locked"?: [names of fields, or "*"]}],
//    "themes": [text], "locations": [{"id", "name", "aliases", "description", ...}],
//    "plot_points": [text], "objects": [as locations],
//    "open_questions": [{"id", "kind", "text", "field"?, "target"?,
//      "values": [{"entry", "value", "quote", "message_id"}]}],
//    "title"?, "logline"?, "genre"?, "tone"?}
std::string snapshot_json(Dossier& dossier);

}  // namespace fabula::dossier
