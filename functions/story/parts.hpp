// Endpoints of a story's parts; each kind of part has the same database functions.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

runtime::Task<Result<void>> forward_premise(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> forward_outline(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> forward_scene(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function
