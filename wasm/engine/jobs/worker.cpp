#include "wasm/engine/jobs/worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/database/job.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

using runtime::Task;

Result<JobWorker> JobWorker::make(Call& call, JobKinds kinds) {
  JobWorker worker;
  std::optional<Problem> first_problem;
  for (const auto* kind : kinds) {
    auto models = kind->models(call);
    if (models) {
      worker.ready_.push_back({kind, std::move(*models)});
    } else if (!first_problem) {
      first_problem = std::move(models.error());
    }
  }
  if (!worker.ready_.empty()) return worker;
  if (first_problem) return tl::unexpected(std::move(*first_problem));
  return problem(ErrorCode::internal_error, "Something went wrong on our side.", "no kind of job");
}

Task<Result<StepEnd>> JobWorker::work(Call& call, std::int64_t time_limit_ms,
                                      jobs::StepFilter filter, StepListener* listener) const {
  std::vector<std::string_view> kinds;
  for (const auto& ready : ready_) kinds.push_back(ready.kind->name);
  const auto until_ms = runtime::now_ms(call.context()) + time_limit_ms;
  jobs::Claimed claimed =
      co_await call_function(call.context(), call.database(), database::kClaimStep,
                             {.kinds = kinds,
                              .lease_seconds = job_time_limit_ms(call) / 1000 + kStoringSeconds,
                              .filter = filter});
  if (!claimed.step) co_return StepEnd();
  const auto ready = std::find_if(ready_.begin(), ready_.end(), [&claimed](const Ready& one) {
    return one.kind->name == claimed.step->kind;
  });
  if (ready == ready_.end()) co_return StepEnd{StepEnd::Outcome::failed};

  if (call.log().task.empty()) call.log().task = ready->kind->name;
  JobStep step(call, *std::move(claimed.step), ready->models, until_ms, listener);
  auto outcome = co_await runtime::attempt(ready->kind->work(step));
  if (!outcome) {
    const bool is_final = ready->kind->is_awaited && !facts(outcome.error().code).retryable;
    co_await step.fail(outcome.error(), is_final);
  }
  co_await step.record_untold_calls();
  StepEnd end{outcome ? StepEnd::Outcome::done : StepEnd::Outcome::failed, ready->kind->name};
  if (!outcome) end.problem = std::move(outcome.error());
  end.calls = step.take_calls();
  co_return end;
}

std::int64_t job_time_limit_ms(Call& call) {
  return call.setting_values().number(settings::named("FABULA_TASKS_TIME_LIMIT_MS"));
}

Task<bool> work_on(Call& call, JobKinds kinds, jobs::StepFilter filter, std::int64_t time_limit_ms,
                   StepListener* listener) {
  const auto worker = JobWorker::make(call, kinds);
  if (!worker) co_return false;
  const auto end = co_await runtime::attempt(worker->work(call, time_limit_ms, filter, listener));
  co_return end && end->outcome == StepEnd::Outcome::done;
}

}  // namespace fabula::engine
