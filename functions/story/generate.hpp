// Endpoints that generate a text: each begins a task and waits for it.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

runtime::Task<Result<void>> improve_idea(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> set_up(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> generate_premise(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> generate_outline(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> refine_outline(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> generate_start(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> go_on(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> regenerate_scene(engine::Call& call, const engine::Match& match);
// Begins the task without waiting for it.
runtime::Task<Result<void>> generate_full(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function
