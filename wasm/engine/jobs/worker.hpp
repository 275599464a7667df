// A worker does the steps of jobs: it claims one by lease, has its kind do it, and gives back a
// step that fails. Requests that exist only for this use it (functions/tasks), and so does every
// request that waits for a job, so that no job depends on a scheduler.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "shared/jobs/step_rows.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct StepEnd {
  enum class Outcome : std::uint8_t {
    nothing,  // no step was available
    done,     // the step is committed
    failed,   // the step is given back
  };
  Outcome outcome = Outcome::nothing;
  std::string_view kind = {};                // of the step; "": no step
  std::optional<Problem> problem = {};       // why it failed
  std::vector<usage::ModelCall> calls = {};  // requests that were made to models
};

class JobWorker {
 public:
  // A worker for those of these kinds, which must outlive it, that can be done now; a problem when
  // none can.
  static Result<JobWorker> make(Call& call, JobKinds kinds);

  // Claims a step and does it within `time_limit_ms`. A problem when the claim itself failed.
  runtime::Task<Result<StepEnd>> work(Call& call, std::int64_t time_limit_ms,
                                      jobs::StepFilter filter = {},
                                      StepListener* listener = nullptr) const;

 private:
  struct Ready {
    const JobKind* kind;
    Endpoints models;
  };

  std::vector<Ready> ready_;  // never empty
};

// How long one call works on jobs (FABULA_TASKS_TIME_LIMIT_MS): platforms end a call after a minute
// or two.
std::int64_t job_time_limit_ms(Call& call);

// For a request that waits for a job: does one step of it, if one is available and its kind can be
// done now. A failure belongs to the job, not to the request. Returns whether the step is done. The
// listener, if any, must outlive the work.
runtime::Task<bool> work_on(Call& call, JobKinds kinds, jobs::StepFilter filter,
                            std::int64_t time_limit_ms, StepListener* listener = nullptr);

}  // namespace fabula::engine
