// The story so far, in a few lines, for the prompts of what comes next. It is made from
// the recaps of chapters and scenes each time, so it follows whatever a person changes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/story/state.hpp"

namespace fabula::story {

// The recaps of earlier chapters and of the written scenes of this one, oldest first, one a line.
// When they are more than `budget_bytes`, first the oldest lines are cut to their first sentence,
// then the oldest are left out: the newest stay whole.
std::string synopsis(const State& state, std::size_t budget_bytes);

// The dossier's lines that matter for a scene, at most so many bytes: those of its characters
// first, then of what else its plan names, then what holds for the whole story, then the rest.
std::vector<std::string> facts_for_scene(const std::vector<std::string>& facts,
                                         const ScenePlan& plan, std::size_t budget_bytes);

}  // namespace fabula::story
