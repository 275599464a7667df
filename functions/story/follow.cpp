#include "functions/story/follow.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "functions/story/event_sink.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/jobs/watch.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::story_function {
namespace {

using engine::Call;
using engine::Caller;
using runtime::Task;

// Well within the platforms' limits for a response that has begun; the client then reconnects.
constexpr std::int64_t kStreamMs = 5 * 60'000;

engine::WatchRequest watch_request(Call& call, const Caller& caller, const Facts& facts,
                                   std::int64_t time_ms, story::WatchPlace from = {}) {
  return {.principal = caller.principal,
          .task_id = facts.task_id,
          .from = from,
          .until_ms = runtime::now_ms(call.context()) + time_ms};
}

// The task's facts about its story replace those of its request.
void learn(Facts& facts, const json::Document& task) {
  if (const auto id = json::string_at(task, "project_id")) facts.project_id = *id;
  if (const auto language = json::string_at(task, "language")) facts.language = *language;
  if (const auto unit = json::string_at(task, "unit")) facts.unit = *unit;
}

}  // namespace

Task<Result<void>> answer_whole(Call& call, const Caller& caller, Facts facts) {
  const auto wait_ms = call.setting_values().number(settings::named("FABULA_STORY_WAIT_MS"));
  engine::NoWatchSink nobody;
  const auto watched = co_await runtime::attempt(
      engine::watch_story(call, watch_request(call, caller, facts, wait_ms), nobody));
  if (watched) learn(facts, watched->task);
  const auto headers = headers_of(facts, caller);
  if (!watched) {
    co_await send_problem(call, watched.error(), headers);
    co_return {};
  }
  if (const auto failure = failure_of(watched->task)) {
    co_await send_problem(call, *failure, headers);
    co_return {};
  }
  const auto* result = result_of(watched->task);
  if (!result || json::string_at(watched->task, "status") != "completed") {
    co_await send_json(call, 202, json::dump(watched->task), headers);
    co_return {};
  }
  co_await send_json(call, 200, answer_of(*result, facts), headers);
  co_return {};
}

Task<Result<void>> answer_stream(Call& call, const Caller& caller, Facts facts,
                                 story::WatchPlace from) {
  EventSink sink(call);
  co_await sink.begin(headers_of(facts, caller));
  const auto watched = co_await runtime::attempt(
      engine::watch_story(call, watch_request(call, caller, facts, kStreamMs, from), sink));
  if (!watched) {
    sink.failed(watched.error());
    co_await sink.end();
    co_return {};
  }
  learn(facts, watched->task);
  if (!watched->has_ended) {
    sink.come_back();
  } else if (const auto failure = failure_of(watched->task)) {
    sink.failed(*failure);
  } else if (json::string_at(watched->task, "status") == "completed") {
    const auto* result = result_of(watched->task);
    sink.done(answer_of(result ? *result : json::Document::object(), facts), watched->place);
  } else {
    // Cancelled or paused: the task itself shows its state.
    sink.done(json::dump(watched->task), watched->place);
  }
  co_await sink.end();
  co_return {};
}

}  // namespace fabula::story_function
