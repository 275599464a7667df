// The place in an imported text at which a fact was found.
#pragma once

#include <optional>
#include <string_view>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/text.hpp"

namespace fabula::dossier {

struct ImportSource {
  std::string_view task_id;
  std::int64_t chapter = 0;        // from 1; 0: unknown
  std::string_view chapter_title;  // "": no title
};

// Nothing when the entry does not come from an import. Contains views of the entry.
std::optional<ImportSource> import_source(const Entry& entry);

// {"task_id", "chapter", "chapter_title"}; unknown members are null.
void write_import_source(json::Writer& writer, const ImportSource& source);

}  // namespace fabula::dossier
