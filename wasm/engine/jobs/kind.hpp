// A kind of durable work: the code that does the steps of its jobs. SQL functions that only this
// kind needs are found by its name (jobs/has_job_hook.sql).
#pragma once

#include <span>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/step.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct JobKind {
  std::string_view name;
  // The models to ask; a problem when none can be asked.
  Result<Endpoints> (*models)(Call& call);
  // Does the step and commits it. On a problem the step is given back for a retry.
  runtime::Task<Result<void>> (*work)(JobStep& step);
  // Somebody waits for its answer: a step whose failure another attempt cannot help is given up at
  // once. Other work is tried again, because its owner may not see that the operator has to do
  // something.
  bool is_awaited = false;
};

using JobKinds = std::span<const JobKind* const>;

}  // namespace fabula::engine
