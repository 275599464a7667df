#include "functions/stream/stream.hpp"

#include <array>
#include <string>
#include <utility>

#include "functions/stream/bots.hpp"
#include "functions/stream/turns.hpp"
#include "shared/api/endpoints/stream.hpp"
#include "shared/database/rpc.hpp"
#include "shared/json/scanner.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/operator_access.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

Task<Result<void>> read_metrics(Call& call, const Match& match) {
  co_await engine::require_operator(call, "FABULA_METRICS_TOKEN");
  const std::string answer = co_await engine::call_function(call.context(), call.database(),
                                                            match.route.engine_function, "{}");
  std::array members = {json::RawMember{.key = "text"}};
  json::find_raw_members(answer, members);
  auto text = json::string_value(members[0].value);
  if (!text) co_return database::unexpected_answer(match.route.engine_function);
  http::Response response;
  response.head.headers.add("content-type", std::string(kPrometheusText));
  response.head.headers.add("cache-control", "no-store");
  response.body = *std::move(text);
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::stream::kStart>(&start),
    engine::route<api::stream::kResume>(&resume),
    engine::route<api::stream::kCancelStream>(&engine::forward, "request_cancel"),
    engine::route<api::stream::kListBots>(&engine::forward, "list_bots"),
    engine::route<api::stream::kCreateBot>(&save_bot, "save_bot"),
    engine::route<api::stream::kReadBot>(&engine::forward, "read_bot"),
    engine::route<api::stream::kUpdateBot>(&save_bot, "update_bot"),
    engine::route<api::stream::kDeleteBot>(&engine::forward, "delete_bot"),
    engine::route<api::stream::kReadMetrics>(&read_metrics, "read_metrics"),
    engine::route<api::stream::kHealth>(&engine::health),
    engine::route<api::stream::kHealthz>(&engine::health),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "stream", kRoutes); }

}  // namespace fabula::stream_function
