// A kind of durable work: what does the steps of its jobs. What it needs of the database besides
// what every step has is SQL functions that are found by its name (jobs/has_job_hook.sql).
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
  // Who is asked; a problem when nobody can be.
  Result<Endpoints> (*models)(Call& call);
  // Does the step, and commits it. A problem gives it back, to be tried later.
  runtime::Task<Result<void>> (*work)(JobStep& step);
};

using JobKinds = std::span<const JobKind* const>;

}  // namespace fabula::engine
