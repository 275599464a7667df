#include "functions/stream/stream.hpp"

#include <array>
#include <string>
#include <utility>

#include "functions/stream/bots.hpp"
#include "functions/stream/turns.hpp"
#include "shared/api/endpoints/stream.hpp"
#include "shared/database/bot.hpp"
#include "shared/database/conversation.hpp"
#include "shared/database/metrics.hpp"
#include "shared/database/readiness.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/operator_access.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

Task<Result<void>> read_metrics(Call& call, const Match&) {
  co_await engine::require_operator(call, &settings::named("FABULA_METRICS_TOKEN"),
                                    &settings::named("FABULA_PREVIOUS_METRICS_TOKEN"));
  database::Metrics metrics =
      co_await engine::call_function(call.context(), call.database(), database::kReadMetrics, {});
  http::Response response;
  response.head.headers.add("content-type", std::string(kPrometheusText));
  response.head.headers.add("cache-control", "no-store");
  response.body = std::move(metrics.text);
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::stream::kStart>(&start),
    engine::route<api::stream::kResume>(&resume),
    engine::route<api::stream::kCancelStream>(&engine::forward, database::kRequestCancel),
    engine::route<api::stream::kListBots>(&serve_bots, database::kListBots),
    engine::route<api::stream::kCreateBot>(&save_bot, database::kSaveBot),
    engine::route<api::stream::kReadBot>(&serve_bots, database::kReadBot),
    engine::route<api::stream::kUpdateBot>(&save_bot, database::kUpdateBot),
    engine::route<api::stream::kDeleteBot>(&serve_bots, database::kDeleteBot),
    engine::route<api::stream::kReadMetrics>(&read_metrics),
    engine::route<api::stream::kHealth>(&engine::health),
    engine::route<api::stream::kReady>(&engine::ready, database::kReady),
    engine::route<api::stream::kHealthz>(&engine::health),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "stream", kRoutes); }

}  // namespace fabula::stream_function
