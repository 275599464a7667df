// Reads the body of an entry, without a document in between: a log has thousands.
#pragma once

#include <string_view>

#include "shared/dossier/entry.hpp"

namespace fabula::dossier {

// As parse_entry.
Result<Entry> parse_body(const Digest& id, EntryKind kind, std::string_view message_id,
                         std::string_view body_json);

}  // namespace fabula::dossier
