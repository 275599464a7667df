// Where in an imported text a fact was found.
#pragma once

#include <optional>
#include <string_view>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/text.hpp"

namespace fabula::dossier {

struct ImportSource {
  std::string_view task_id;
  std::int64_t chapter = 0;        // from 1 on; 0: not known
  std::string_view chapter_title;  // "": it has none
};

// Views of the entry. Nothing when it was not found by an import.
std::optional<ImportSource> import_source(const Entry& entry);

// {"task_id", "chapter", "chapter_title"}; what is not known is null.
void write_import_source(json::Writer& writer, const ImportSource& source);

}  // namespace fabula::dossier
