// Endpoints of tasks that have begun.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

// GET /story/task/{task_id}/status: where it is; then a step of it, if no worker has it.
runtime::Task<Result<void>> read_task(engine::Call& call, const engine::Match& match);
// GET /story/task/{task_id}/result.
runtime::Task<Result<void>> read_result(engine::Call& call, const engine::Match& match);
// GET /story/task/{task_id}/events.
runtime::Task<Result<void>> follow_task(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function
