// The dossier's text in an extractor's or writer's prompt.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

struct PromptFacts {
  std::string text;                   // lines, each about one thing
  std::vector<std::string> fact_ids;  // assertion ids of all facts in the text, each once
};

// At most `budget_bytes` of text in whole lines: the story itself first, then open questions, the
// most frequently mentioned characters, and the rest.
PromptFacts facts_for_prompt(Dossier& dossier, std::size_t budget_bytes);

}  // namespace fabula::dossier
