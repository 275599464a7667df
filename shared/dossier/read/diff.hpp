// The difference of two snapshots.
#pragma once

#include <string>

#include "shared/json/document.hpp"

namespace fabula::dossier {

// {"characters": {"added": [..], "removed": [..], "changed": [{"id", "name", "fields": [{"field",
// "from", "to"}, or for lists {"field", "added", "removed"}]}]}, the same for locations and
// objects, "themes": {"added": [..], "removed": [..]}, the same for plot_points and open_questions,
// "story": [{"field", "from", "to"}]}. Entities are the same by id, else by name. Members that are
// missing or of another type count as empty.
std::string diff_json(const json::Document& from, const json::Document& to);

}  // namespace fabula::dossier
