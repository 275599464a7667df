#include "wasm/engine/database.hpp"

#include <cstdint>
#include <utility>

#include "shared/database/rpc.hpp"
#include "wasm/engine/fetch.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

tl::unexpected<Problem> unavailable(std::string cause) {
  return problem(ErrorCode::database_unavailable,
                 "The database cannot be reached now. Try again in a moment.", std::move(cause));
}

// One attempt.
Task<Result<std::string>> ask(Context& context, std::string_view head, std::string_view body) {
  auto answer = co_await fetch(context, {.head = head,
                                         .body = body,
                                         .limit_bytes = kMaximumAnswerBytes,
                                         .deadlines = deadlines::kDatabase});
  if (!answer) {
    co_return unavailable(
        answer.error() == FetchFault::unreachable ? "no connection to the database"
        : answer.error() == FetchFault::timeout   ? "the database did not answer in time"
                                                : "the database's answer broke off or is too long");
  }
  const int status = static_cast<int>(answer->status);
  if (status >= 200 && status < 300) co_return std::move(answer->body);
  co_return tl::unexpected(database::problem_of_answer(status, answer->body));
}

}  // namespace

Task<Result<std::string>> call_with_body(Context& context, DatabaseSettings settings,
                                         const database::Declaration& function, std::string body) {
  const std::string head =
      co_await database::rpc_head(settings.rest_url, settings.secret_key, function.name);
  const auto& retry = function.retry;
  std::uint32_t pause_ms = retry.first_pause_ms;
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await runtime::attempt(ask(context, head, body));
    const bool may_pass = !answer && answer.error().code == ErrorCode::database_unavailable;
    if (!may_pass || attempt >= retry.attempts) co_return std::move(answer);
    co_await runtime::Timer(context, pause_ms);
    pause_ms *= 2;
  }
}

}  // namespace fabula::engine
