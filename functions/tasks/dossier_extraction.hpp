// What was said in a conversation, read for the dossier of its project.
#pragma once

#include <cstdint>

#include "shared/result/result.hpp"
#include "shared/tasks/rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks {

// Asks a model within `deadline_ms` what the new part says, and stores that with the dossier that
// it makes. Without a new part the log is folded, and no model asked.
runtime::Task<Result<void>> extract_dossier(engine::Call& call, const engine::Endpoints& models,
                                            const ClaimedTask& task, std::int64_t deadline_ms);

}  // namespace fabula::tasks
