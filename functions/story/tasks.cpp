#include "functions/story/tasks.hpp"

#include <optional>
#include <string>
#include <utility>

#include "functions/story/answer.hpp"
#include "functions/story/follow.hpp"
#include "functions/story/request.hpp"
#include "shared/api/check.hpp"
#include "shared/database/story_task.hpp"
#include "shared/http/media_type.hpp"
#include "shared/sse/encoder.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/jobs/watch.hpp"

namespace fabula::story_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<json::Document>> look(Call& call, const engine::Caller& caller,
                                  std::string_view task_id) {
  co_return co_await engine::call_function(
      call.context(), call.database(), database::kWatchStoryTask,
      {.principal = caller.principal, .task_id = task_id, .place = {}});
}

Task<Result<std::string>> task_of(const Match& match) {
  const json::Document path = co_await api::path_ids(match.captures);
  co_return std::string(json::string_at(path, "task_id").value_or(""));
}

// The place from which a watcher continues; an invalid place means the beginning.
story::WatchPlace known_place(const Call& call) {
  for (const auto& said :
       {call.url().query_value("after"), call.head().headers.find("last-event-id")}) {
    if (!said || said->empty()) continue;
    return story::WatchPlace::of_id(*said).value_or(story::WatchPlace());
  }
  return {};
}

void leave_out_what_only_watchers_read(json::Document& task) {
  for (const auto* key : {"draft", "events", "reading_session_id"}) task.erase(key);
}

}  // namespace

Task<Result<void>> read_task(Call& call, const Match& match) {
  co_await engine::forward(call, match);
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), call.head().headers);
  const std::string task_id = co_await task_of(match);
  co_await engine::go_on_with_story(call, caller.principal, task_id);
  co_return {};
}

Task<Result<void>> read_result(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), headers);
  Facts facts;
  facts.task_id = co_await task_of(match);
  json::Document task = co_await look(call, caller, facts.task_id);
  facts.project_id = json::string_at(task, "project_id").value_or("");
  facts.language = json::string_at(task, "language").value_or("");
  facts.unit = json::string_at(task, "unit").value_or("");
  if (const auto* result = result_of(task)) {
    co_await send_json(call, 200, answer_of(*result, facts), headers_of(facts, caller));
    co_return {};
  }
  if (auto failure = failure_of(task)) co_return tl::unexpected(std::move(*failure));
  leave_out_what_only_watchers_read(task);
  co_await send_json(call, 202, json::dump(task), headers_of(facts, caller));
  co_return {};
}

Task<Result<void>> follow_task(Call& call, const Match& match) {
  const auto accept = call.head().headers.find("accept");
  const bool is_stream = http::accept_quality(accept, sse::kContentType) > 0;
  if (!is_stream) co_await http::require_acceptable(accept, "application/json");
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), call.head().headers);
  Facts facts;
  facts.task_id = co_await task_of(match);
  co_await api::check_query(call.url(), *match.route.operation->query);
  // Refuses another user's task before the stream begins.
  json::Document task = co_await look(call, caller, facts.task_id);
  facts.project_id = json::string_at(task, "project_id").value_or("");
  if (is_stream) {
    co_await answer_stream(call, caller, std::move(facts), known_place(call));
    co_return {};
  }
  leave_out_what_only_watchers_read(task);
  co_await send_json(call, 200, json::dump(task), headers_of(facts, caller));
  co_return {};
}

}  // namespace fabula::story_function
