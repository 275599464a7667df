// The dossier's text in a conversation's prompts. It is made when a snapshot is stored, so that a
// turn only has to insert it.
#pragma once

#include <cstddef>
#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// A prompt has room for this much, and a database for many such texts.
inline constexpr std::size_t kMaximumToldBytes = 8 * 1024;

// {"text", "fact_ids", "lines": [{"parts": [{"text", "facts": [[assertion id, message id or
// null]]}]}]}, the `facts` of commit_assertions. `text` has all lines, each after "- ": undecided
// questions and gaps of the story, the story itself, its characters, the newest plot points, and
// the rest. Parts name their sources, so that facts from abandoned messages can be left out without
// the log; `fact_ids` lists all sources, each once.
std::string told_facts_json(Dossier& dossier, std::size_t budget_bytes = kMaximumToldBytes);

}  // namespace fabula::dossier
