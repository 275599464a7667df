#include "wasm/engine/database.hpp"

#include "shared/database/rpc.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

tl::unexpected<Problem> unavailable(std::string cause) {
  return problem(ErrorCode::database_unavailable,
                 "The database cannot be reached now. Try again in a moment.", std::move(cause));
}

Task<Result<std::string>> exchange(Context& context, std::string_view head, std::string_view body) {
  runtime::HttpRequest request(context, head, body);
  if (!(co_await request).is_ok()) co_return unavailable("no connection to the database");
  auto answer = request.take_answer();
  auto text = co_await runtime::read_whole(context, answer.stream(), kMaximumAnswerBytes);
  if (!text) co_return unavailable("the database's answer broke off or is too long");
  const int status = static_cast<int>(answer.status());
  if (status >= 200 && status < 300) co_return std::move(*text);
  co_return tl::unexpected(database::problem_of_answer(status, *text));
}

Task<void> timeout(Context& context) { co_await runtime::Timer(context, kDatabaseTimeoutMs); }

}  // namespace

Task<Result<std::string>> call_function(Context& context, const DatabaseSettings& settings,
                                        std::string_view name, std::string_view request_json) {
  const std::string head =
      co_await database::rpc_head(settings.rest_url, settings.secret_key, name);
  std::string body;
  body.reserve(request_json.size() + 16);
  body.append(R"({"request":)").append(request_json).append("}");
  auto first = co_await runtime::when_any(exchange(context, head, body), timeout(context));
  if (first.index() == 1) co_return unavailable("the database did not answer in time");
  co_return std::get<0>(std::move(first));
}

}  // namespace fabula::engine
