#include "functions/tasks/store.hpp"

#include <cstdint>

#include "wasm/engine/database.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::tasks_function {

runtime::Task<Result<std::string>> store(engine::Call& call, std::string_view function,
                                         std::string request) {
  constexpr std::uint32_t kFirstRetryMs = 500;
  constexpr int kAttempts = 3;
  std::uint32_t wait_ms = kFirstRetryMs;
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await runtime::attempt(
        engine::call_function(call.context(), call.database(), function, request));
    const bool may_pass = !answer && answer.error().code == ErrorCode::database_unavailable;
    if (!may_pass || attempt == kAttempts) co_return std::move(answer);
    co_await runtime::Timer(call.context(), wait_ms);
    wait_ms *= 2;
  }
}

void note_model(log::RequestLog& log, const engine::Completion& answer) {
  log.provider = answer.provider;
  log.model = answer.model;
  log.attempts = log.attempts.value_or(0) + answer.attempts;
  if (answer.usage) {
    log.tokens_in = log.tokens_in.value_or(0) + answer.usage->input_tokens;
    log.tokens_out = log.tokens_out.value_or(0) + answer.usage->output_tokens;
  }
}

}  // namespace fabula::tasks_function
