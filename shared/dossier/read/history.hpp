// The history of a dossier, change by change, for a person who may undo changes.
#pragma once

#include <string>
#include <string_view>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// [{"change", "kind", "at", "is_undone", "entries": [{"entry", "do", "type"?, "target"?, "field"?,
// "value"?, "quote"?, "message_id"?, "status"}]}], the oldest first. One change holds the entries
// of one request of a person (its operation), one answer of an extractor (its delivery) or one move
// of the path. `target` is an entity's current id.
std::string history_json(Dossier& dossier);

// [{"id", "at", "status": "proposed"|"accepted"|"rejected", "entries": [as above]}], oldest first.
std::string proposals_json(Dossier& dossier);

}  // namespace fabula::dossier
