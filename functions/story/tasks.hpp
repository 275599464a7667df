// Endpoints of tasks that exist already.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

// GET /story/task/{task_id}/status: its state; then does a step of it, if no worker has one.
runtime::Task<Result<void>> read_task(engine::Call& call, const engine::Match& match);
// GET /story/task/{task_id}/result.
runtime::Task<Result<void>> read_result(engine::Call& call, const engine::Match& match);
// GET /story/task/{task_id}/events.
runtime::Task<Result<void>> follow_task(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function
