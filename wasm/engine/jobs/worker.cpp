#include "wasm/engine/jobs/worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "wasm/engine/database.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::int64_t kTimeLimitMs = 50'000;
constexpr std::int64_t kLongestTimeLimitMs = 570'000;
// A worker's death is noticed only after the time of a step, and of storing it.
constexpr std::int64_t kStoringSeconds = 25;

}  // namespace

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
                                      jobs::StepFilter filter) const {
  std::vector<std::string_view> kinds;
  for (const auto& ready : ready_) kinds.push_back(ready.kind->name);
  const auto until_ms = runtime::now_ms(call.context()) + time_limit_ms;
  const std::string answer = co_await call_function(
      call.context(), call.database(), "claim_step",
      jobs::claim_step_request(kinds, job_time_limit_ms(call) / 1000 + kStoringSeconds, filter));
  std::optional<jobs::ClaimedStep> claimed = co_await jobs::parse_claimed_step(answer);
  if (!claimed) co_return StepEnd();
  const auto ready = std::find_if(ready_.begin(), ready_.end(), [&claimed](const Ready& one) {
    return one.kind->name == claimed->kind;
  });
  if (ready == ready_.end()) co_return StepEnd{StepEnd::Outcome::failed};

  JobStep step(call, std::move(*claimed), ready->models, until_ms);
  auto outcome = co_await runtime::attempt(ready->kind->work(step));
  if (!outcome) co_await step.fail(outcome.error());
  co_await step.record_untold_calls();
  StepEnd end{outcome ? StepEnd::Outcome::done : StepEnd::Outcome::failed};
  if (!outcome) end.problem = std::move(outcome.error());
  end.calls = step.take_calls();
  co_return end;
}

std::int64_t job_time_limit_ms(const Call& call) {
  return call.number_setting("FABULA_TASKS_TIME_LIMIT_MS", kTimeLimitMs, 1000, kLongestTimeLimitMs);
}

Task<bool> work_on(Call& call, JobKinds kinds, jobs::StepFilter filter,
                   std::int64_t time_limit_ms) {
  const auto worker = JobWorker::make(call, kinds);
  if (!worker) co_return false;
  const auto end = co_await runtime::attempt(worker->work(call, time_limit_ms, filter));
  co_return end && end->outcome == StepEnd::Outcome::done;
}

}  // namespace fabula::engine
