#include "wasm/engine/database.hpp"

#include "shared/database/rpc.hpp"
#include "wasm/engine/fetch.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

tl::unexpected<Problem> unavailable(std::string cause) {
  return problem(ErrorCode::database_unavailable,
                 "The database cannot be reached now. Try again in a moment.", std::move(cause));
}

}  // namespace

Task<Result<std::string>> call_function(Context& context, DatabaseSettings settings,
                                        std::string_view name, std::string_view request_json) {
  const std::string head =
      co_await database::rpc_head(settings.rest_url, settings.secret_key, name);
  std::string body;
  body.reserve(request_json.size() + 16);
  body.append(R"({"request":)").append(request_json).append("}");
  auto answer = co_await fetch(context, {.head = head,
                                         .body = body,
                                         .limit_bytes = kMaximumAnswerBytes,
                                         .timeout_ms = kDatabaseTimeoutMs});
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

}  // namespace fabula::engine
