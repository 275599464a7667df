// Rolling summaries of what no longer fits into what a model is sent of a conversation.
#pragma once

#include <cstdint>
#include <string>

#include "shared/jobs/rows.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// MODEL_SUMMARY's models, else those of MODEL_CHAT.
Result<engine::Endpoints> summary_models(engine::Call& call);

// Does the job within `deadline_ms`, and stores the summary.
runtime::Task<Result<void>> summarise_session(engine::Call& call, const engine::Endpoints& models,
                                              const jobs::ClaimedJob& job,
                                              std::int64_t deadline_ms);

}  // namespace fabula::tasks_function
