// The story so far, in a few lines, for the prompts of later steps. It is made from the recaps of
// chapters and scenes each time, so it follows a person's changes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/story/state.hpp"

namespace fabula::story {

// The recaps of earlier chapters and of the written scenes of this one, oldest first, one per line.
// If they exceed `budget_bytes`, the oldest lines are first cut to their first sentence, then left
// out: the newest stay whole.
std::string synopsis(const State& state, std::size_t budget_bytes);

// The dossier's lines that matter for a scene, at most `budget_bytes`: first those about its
// characters, then about other names in its plan, then about the whole story, then the rest.
std::vector<std::string> facts_for_scene(const std::vector<std::string>& facts,
                                         const ScenePlan& plan, std::size_t budget_bytes);

}  // namespace fabula::story
