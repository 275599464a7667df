// Texts that people have already, read for proposals to their dossiers.
#pragma once

#include <cstdint>

#include "shared/jobs/rows.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// Reads one step of an import within `deadline_ms` and stores what it proposes.
runtime::Task<Result<void>> import_step(engine::Call& call, const engine::Endpoints& models,
                                        const jobs::ClaimedJob& job, std::int64_t deadline_ms);

}  // namespace fabula::tasks_function
