// Rolling summaries of what no longer fits into what a model is sent of a conversation.
#pragma once

#include <cstdint>
#include <string>

#include "shared/result/result.hpp"
#include "shared/tasks/rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks {

// MODEL_SUMMARY's models, else those of MODEL_CHAT.
Result<engine::Endpoints> summary_models(engine::Call& call);

// Does the task within `deadline_ms`, and stores the summary.
runtime::Task<Result<void>> summarise_session(engine::Call& call, const engine::Endpoints& models,
                                              const ClaimedTask& task, std::int64_t deadline_ms);

}  // namespace fabula::tasks
