#include "functions/story/illustrations.hpp"

#include <string>
#include <utility>
#include <vector>

#include "functions/story/answer.hpp"
#include "shared/api/check.hpp"
#include "shared/database/story.hpp"
#include "shared/http/media_type.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/illustrations.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::story_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> begin_illustrations(Call& call, const Match& match) {
  // A caller without a valid token is refused first, whatever the models' settings.
  co_await engine::identify_known(call.context(), call.settings(), call.head().headers);
  // Only /tasks/run draws, because this module has no room for that code; without a model no task
  // is begun.
  co_await engine::resolve_image_route(call, settings::named("MODEL_IMAGE"));
  co_await engine::forward_admitted(call, match);
  co_return {};
}

Task<Result<void>> list_illustrations(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), headers);
  const json::Document path = co_await api::path_ids(match.captures);
  const auto project_id = json::string_at(path, "project_id").value_or("");
  json::Document listed = co_await engine::call_function(call.context(), call.database(),
                                                         database::kListStoryIllustrations,
                                                         {caller.principal, project_id});
  auto& pictures = listed["illustrations"];
  std::vector<std::string> paths;
  for (const auto& picture : pictures) {
    paths.emplace_back(json::string_at(picture, "object_path").value_or(""));
  }
  const std::vector<std::string> urls = co_await engine::sign_illustrations(
      call, paths, json::integer_at(listed, "expires_in_seconds").value_or(0));
  std::size_t place = 0;
  for (auto& picture : pictures) {
    picture.erase("object_path");
    picture["url"] = urls[place++];
    picture["expires_at"] = listed["expires_at"];
  }
  co_await send_json(call, 200, json::dump(pictures), {});
  co_return {};
}

}  // namespace fabula::story_function
