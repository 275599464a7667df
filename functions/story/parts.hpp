// Endpoints of a story's parts, of which each kind has the same functions of the database.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

runtime::Task<Result<void>> forward_premise(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> forward_outline(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> forward_scene(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function
