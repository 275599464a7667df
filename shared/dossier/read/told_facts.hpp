// The dossier as the model of a conversation is told it: made when a snapshot is stored, so that a
// turn only has to put it into its prompt.
#pragma once

#include <cstddef>
#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// A prompt has room for so much of it, and a database for many.
inline constexpr std::size_t kMaximumToldBytes = 8 * 1024;

// {"text", "fact_ids", "lines": [{"parts": [{"text", "facts": [[assertion id, message id or
// null]]}]}]}, as commit_assertions takes it for `facts`. `text` is all lines: what is undecided
// and what the story still lacks, the story itself, its characters, the newest of the plot, and
// what else there is, "- " before each. Parts say where they come from, so that what a conversation
// has left behind can be left out without the log; `fact_ids` are all of them, each once.
std::string told_facts_json(Dossier& dossier, std::size_t budget_bytes = kMaximumToldBytes);

}  // namespace fabula::dossier
