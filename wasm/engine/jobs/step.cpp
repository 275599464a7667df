#include "wasm/engine/jobs/step.hpp"

#include <algorithm>
#include <utility>

#include "shared/database/job.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
using runtime::Task;

JobStep::JobStep(Call& call, jobs::ClaimedStep claimed, const Endpoints& models,
                 std::int64_t until_ms, StepListener* listener)
    : call_(call),
      claimed_(std::move(claimed)),
      models_(models),
      until_ms_(until_ms),
      listener_(listener) {}

std::int64_t JobStep::left_ms() const {
  return std::max<std::int64_t>(until_ms_ - runtime::now_ms(call_.context()), 0);
}

Task<Result<Completion>> JobStep::complete(CompletionRequest request) {
  request.deadline_ms = left_ms();
  co_return co_await engine::complete(call_, models_, request, calls_);
}

Task<Result<DrawnImage>> JobStep::draw(std::string_view prompt) {
  co_return co_await runtime::attempt(engine::draw(call_, models_, prompt, left_ms(), calls_));
}

Task<Result<std::string>> JobStep::commit(std::string_view result_json,
                                          const jobs::StepProgress& progress) {
  auto answer = co_await runtime::attempt(
      call_function(call_.context(), call_.database(), database::kCommitStep,
                    {claimed_, result_json, untold_calls(), progress}));
  if (answer) told_calls_ = calls_.size();
  co_return answer;
}

Task<Result<void>> JobStep::report(const jobs::StepProgress& progress) {
  co_await call_function(call_.context(), call_.database(), database::kReportStep,
                         {claimed_, left_ms() / 1000 + kStoringSeconds, progress});
  co_return {};
}

Task<void> JobStep::fail(const Problem& problem, bool is_final) {
  // Refused when another worker has taken over the step, or it is gone: then there is nothing to
  // give back. If the call does not arrive, the lease expires instead.
  const auto answer = co_await runtime::attempt(
      call_function(call_.context(), call_.database(), database::kFailStep,
                    {claimed_, problem, is_final, untold_calls()}));
  if (answer) told_calls_ = calls_.size();
}

Task<void> JobStep::record_untold_calls() {
  if (untold_calls().empty()) co_return;
  co_await runtime::attempt(call_function(call_.context(), call_.database(),
                                          database::kRecordModelCalls, {claimed_, untold_calls()}));
}

}  // namespace fabula::engine
