// Who does the steps of jobs: claims one by lease, has its kind do it, and gives back what could
// not be done. A request that is there for nothing else uses it (functions/tasks), and each that
// waits for a job, so that nothing hangs on a clock.
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
    nothing,  // there was none to do
    done,     // and stored
    failed,   // and given back
  };
  Outcome outcome = Outcome::nothing;
  std::optional<Problem> problem = {};       // why it failed
  std::vector<usage::ModelCall> calls = {};  // the requests that were made to models
};

class JobWorker {
 public:
  // Of these kinds, which must outlive it, those that can be done now; a problem when that is none.
  static Result<JobWorker> make(Call& call, JobKinds kinds);

  // Claims a step and does it within `time_limit_ms`. A problem when none could be claimed for
  // another reason than that there is none.
  runtime::Task<Result<StepEnd>> work(Call& call, std::int64_t time_limit_ms,
                                      jobs::StepFilter filter = {}) const;

 private:
  struct Ready {
    const JobKind* kind;
    Endpoints models;
  };

  std::vector<Ready> ready_;  // never empty
};

// How long one call works on jobs (FABULA_TASKS_TIME_LIMIT_MS): platforms end it after a minute or
// two.
std::int64_t job_time_limit_ms(Call& call);

// For who waits for a job: works on a step of it, if there is one and its kind can be done now.
// What goes wrong is the job's affair and not the request's. Whether the step is done.
runtime::Task<bool> work_on(Call& call, JobKinds kinds, jobs::StepFilter filter,
                            std::int64_t time_limit_ms);

}  // namespace fabula::engine
