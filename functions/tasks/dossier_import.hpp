// Texts that people have already, read for proposals to their dossiers.
#pragma once

#include <cstdint>

#include "shared/result/result.hpp"
#include "shared/tasks/rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks {

// Reads one step of an import within `deadline_ms` and stores what it proposes.
runtime::Task<Result<void>> import_step(engine::Call& call, const engine::Endpoints& models,
                                        const ClaimedTask& task, std::int64_t deadline_ms);

}  // namespace fabula::tasks
