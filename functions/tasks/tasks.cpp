#include "functions/tasks/tasks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/tasks.hpp"
#include "shared/database/cleaning.hpp"
#include "shared/database/readiness.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/worker.hpp"
#include "wasm/engine/operator_access.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/engine/snapshots.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::tasks_function {
namespace {

using engine::Call;
using engine::Match;
using engine::StepEnd;
using runtime::Task;

struct Request {
  std::vector<const engine::JobKind*> kinds;
  std::int64_t limit = api::tasks::kDefaultLimit;
};

std::string kind_names() {
  std::string names;
  for (const auto* kind : engine::job_kinds()) {
    names.append(names.empty() ? "" : ", ").append(kind->name);
  }
  return names;
}

Result<std::vector<const engine::JobKind*>> read_kinds(const json::Document* names) {
  std::vector<const engine::JobKind*> kinds;
  for (const auto* kind : engine::job_kinds()) {
    const bool is_wanted =
        !names || std::any_of(names->begin(), names->end(),
                              [kind](const json::Document& name) { return name == kind->name; });
    if (is_wanted) kinds.push_back(kind);
  }
  if (names && kinds.size() != names->size()) {
    Problem fault(ErrorCode::invalid_request, "The body has faults: see errors.", {});
    fault.errors.push_back({"kinds", "must be kinds of tasks, each once: " + kind_names()});
    return tl::unexpected(std::move(fault));
  }
  return kinds;
}

Task<Result<Request>> read_request(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  const json::Document body = co_await engine::read_json(call, operation);
  co_await api::check_body(body, *operation.body);
  Request request;
  request.limit = json::integer_at(body, "limit").value_or(request.limit);
  const auto* names = json::find(body, "kinds");
  request.kinds = co_await read_kinds(names && names->is_array() ? names : nullptr);
  co_return request;
}

void note_calls(log::RequestLog& log, const std::vector<usage::ModelCall>& calls) {
  for (const auto& made : calls) {
    log.provider = made.provider;
    log.model = made.model;
    log.attempts = log.attempts.value_or(0) + 1;
    if (!made.usage) continue;
    log.tokens_in = log.tokens_in.value_or(0) + made.usage->input_tokens;
    log.tokens_out = log.tokens_out.value_or(0) + made.usage->output_tokens;
  }
}

// The pause after a batch, by the time that the batch has taken: most turns of others find the
// database without the cleaner (supabase/schemas/cleaning/clean.sql does the same).
constexpr std::int64_t kPausesABatch = 2;

// Cleans batch by batch, while there is time: a call that is cut off has lost nothing.
Task<Result<void>> clean(Call& call, std::int64_t until_ms) {
  const auto days = call.setting_values().number(settings::named("FABULA_DELETED_DAYS"));
  for (;;) {
    const auto began_ms = runtime::now_ms(call.context());
    const auto cleaned = co_await engine::call_function(call.context(), call.database(),
                                                        database::kClean, {.deleted_days = days});
    const auto ended_ms = runtime::now_ms(call.context());
    const auto pause_ms = kPausesABatch * (ended_ms - began_ms);
    if (!cleaned.is_left || ended_ms + pause_ms >= until_ms ||
        call.context().isolate_ending().is_set()) {
      co_return {};
    }
    co_await runtime::Timer(call.context(), static_cast<std::uint32_t>(pause_ms));
  }
}

Task<Result<void>> run(Call& call, const Match& match) {
  co_await engine::require_operator(call);
  const Request request = co_await read_request(call, match);
  const auto time_limit_ms = engine::job_time_limit_ms(call);
  const engine::JobWorker worker = co_await engine::JobWorker::make(call, request.kinds);
  const auto began_ms = runtime::now_ms(call.context());
  const auto passed_ms = [&call, began_ms] { return runtime::now_ms(call.context()) - began_ms; };
  std::int64_t done = 0;
  std::int64_t failed = 0;
  bool is_left = true;
  std::string failures;
  json::Writer told(failures);
  told.begin_array();
  // A step begins only while at least half of the time is left.
  while (done + failed < request.limit && passed_ms() < time_limit_ms / 2 &&
         !call.context().isolate_ending().is_set()) {
    const StepEnd end = co_await worker.work(call, time_limit_ms - passed_ms());
    is_left = end.outcome != StepEnd::Outcome::nothing;
    if (!is_left) break;
    ++(end.outcome == StepEnd::Outcome::done ? done : failed);
    note_calls(call.log(), end.calls);
    if (!end.problem) continue;
    call.note_problem(*end.problem);
    told.begin_object().key("kind").string(end.kind);
    told.key("code").string(facts(end.problem->code).name);
    told.key("message").string(end.problem->detail).end_object();
  }

  told.end_array();

  const auto* snapshots = &engine::kConversationSnapshot;
  if (std::find(request.kinds.begin(), request.kinds.end(), snapshots) != request.kinds.end()) {
    // Deletes files whose owners are deleted. Those that cannot be deleted now are tried again
    // later.
    const auto gone = co_await runtime::attempt(engine::delete_orphaned_files(call));
    done += gone.value_or(0);
  }

  // Runs that name kinds of tasks do nothing else.
  if (request.kinds.size() == engine::job_kinds().size()) {
    const auto cleaned =
        co_await runtime::attempt(clean(call, began_ms + time_limit_ms - time_limit_ms / 4));
    if (!cleaned) call.note_problem(cleaned.error());
  }

  http::Response response;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  json::Writer writer(response.body);
  writer.begin_object().key("done").integer(done).key("failed").integer(failed);
  writer.key("left").boolean(is_left).key("failures").raw(failures).end_object();
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::tasks::kRunTasks>(&run),
    engine::route<api::tasks::kHealth>(&engine::health),
    engine::route<api::tasks::kReady>(&engine::ready, database::kReady),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "tasks", kRoutes); }

}  // namespace fabula::tasks_function
