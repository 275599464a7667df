#include "functions/story/about.hpp"

#include <string>
#include <string_view>

#include "functions/story/answer.hpp"
#include "functions/story/request.hpp"
#include "shared/api/check.hpp"
#include "shared/http/media_type.hpp"
#include "shared/story/estimate.hpp"
#include "shared/story/options.hpp"
#include "shared/story/settings.hpp"
#include "shared/story/tools.hpp"
#include "wasm/engine/forward.hpp"

namespace fabula::story_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> read_options(Call& call, const Match&) {
  co_await send_json(call, 200, story::options_json(), {});
  co_return {};
}

Task<Result<void>> list_tools(Call& call, const Match&) {
  co_await send_json(call, 200, story::tools_json(), {});
  co_return {};
}

Task<Result<void>> estimate_story(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  const json::Document sent = co_await engine::read_json(call, operation);
  const std::string checked = co_await api::check_body(sent, *operation.body);
  const json::Document body = co_await json::parse(checked);
  const story::SettingsRead read = co_await story::read_settings(body);
  const auto estimate =
      story::estimate(read.settings, story::Route::full,
                      {.has_premise = has(body, "premise"), .has_outline = has(body, "outline")});
  co_await send_json(call, 200, story::estimate_json(estimate, read.settings), {});
  co_return {};
}

}  // namespace fabula::story_function
