// What was said in a conversation, read for the dossier of its project.
#pragma once

#include <cstdint>

#include "shared/jobs/rows.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// Asks a model within `deadline_ms` what the new part says, and stores that with the dossier that
// it makes. Without a new part the log is folded, and no model asked.
runtime::Task<Result<void>> extract_dossier(engine::Call& call, const engine::Endpoints& models,
                                            const jobs::ClaimedJob& job, std::int64_t deadline_ms);

}  // namespace fabula::tasks_function
