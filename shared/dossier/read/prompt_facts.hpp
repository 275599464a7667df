// The dossier as a model is told it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

struct PromptFacts {
  std::string text;                   // lines, each with what it says about one thing
  std::vector<std::string> fact_ids;  // assertion ids of all that is in the text, each once
};

// At most `budget_bytes` of text: whole lines, the story itself first, then open questions, the
// characters that are mentioned most, and what else there is.
PromptFacts facts_for_prompt(Dossier& dossier, std::size_t budget_bytes);

}  // namespace fabula::dossier
