// Imports of existing texts: cut into steps here, read by the function tasks and by requests that
// wait for them.
#pragma once

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::dossier_function {

// Serves POST /dossier/{project_id}/import.
runtime::Task<Result<void>> start_import(engine::Call& call, const engine::Match& match);
// Serves GET /dossier/{project_id}/import/{task_id}.
runtime::Task<Result<void>> read_import(engine::Call& call, const engine::Match& match);

}  // namespace fabula::dossier_function
