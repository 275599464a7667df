#include "wasm/engine/jobs/step.hpp"

#include <algorithm>
#include <utility>

#include "wasm/engine/database.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
using runtime::Task;

JobStep::JobStep(Call& call, jobs::ClaimedStep claimed, const Endpoints& models,
                 std::int64_t until_ms)
    : call_(call), claimed_(std::move(claimed)), models_(models), until_ms_(until_ms) {}

std::int64_t JobStep::left_ms() const {
  return std::max<std::int64_t>(until_ms_ - runtime::now_ms(call_.context()), 0);
}

Task<Result<Completion>> JobStep::complete(CompletionRequest request) {
  request.deadline_ms = left_ms();
  co_return co_await engine::complete(call_, models_, request, calls_);
}

Task<Result<std::string>> JobStep::commit(std::string_view result_members,
                                          const jobs::StepProgress& progress) {
  co_return co_await end(
      "commit_step", jobs::commit_step_request(claimed_, result_members, untold_calls(), progress));
}

Task<Result<void>> JobStep::report(const jobs::StepProgress& progress) {
  constexpr std::int64_t kStoringSeconds = 25;
  const auto request =
      jobs::report_step_request(claimed_, left_ms() / 1000 + kStoringSeconds, progress);
  co_await call_function(call_.context(), call_.database(), "report_step", request);
  co_return {};
}

Task<void> JobStep::fail(const Problem& problem) {
  // Refused when another worker has the step by now, or it is gone: then there is nothing to give
  // back. When it does not arrive, the end of the lease does the same.
  co_await runtime::attempt(
      end("fail_step", jobs::fail_step_request(claimed_, problem, untold_calls())));
}

Task<void> JobStep::record_untold_calls() {
  if (untold_calls().empty()) co_return;
  co_await runtime::attempt(
      end("record_model_calls", jobs::record_model_calls_request(claimed_, untold_calls())));
}

// All of them may be repeated: a step that has ended says so, and a call that is told twice is one.
Task<Result<std::string>> JobStep::end(std::string_view function, std::string request) {
  constexpr std::uint32_t kFirstRetryMs = 500;
  constexpr int kAttempts = 3;
  std::uint32_t wait_ms = kFirstRetryMs;
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await runtime::attempt(
        call_function(call_.context(), call_.database(), function, request));
    if (answer) told_calls_ = calls_.size();
    const bool may_pass = !answer && answer.error().code == ErrorCode::database_unavailable;
    if (!may_pass || attempt == kAttempts) co_return std::move(answer);
    co_await runtime::Timer(call_.context(), wait_ms);
    wait_ms *= 2;
  }
}

}  // namespace fabula::engine
