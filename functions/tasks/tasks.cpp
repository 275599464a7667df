#include "functions/tasks/tasks.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "functions/tasks/dossier_extraction.hpp"
#include "functions/tasks/dossier_import.hpp"
#include "functions/tasks/dossier_reading.hpp"
#include "functions/tasks/session_summary.hpp"
#include "shared/api/check.hpp"
#include "shared/api/endpoints/tasks.hpp"
#include "shared/database/job.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/operator_access.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::tasks_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr std::int64_t kStoringSeconds = 25;

using ClaimFunction = database::Function<jobs::ClaimJob, jobs::Claimed>;
using FailFunction = database::Function<jobs::FailJob, database::NoAnswer>;

struct Kind {
  std::string_view name;
  Result<engine::Endpoints> (*models)(Call&);
  // Does the job and stores what it has made.
  Task<Result<void>> (*work)(Call&, const engine::Endpoints&, const jobs::ClaimedJob&,
                             std::int64_t deadline_ms);
  // Who gives out a job of this kind, and takes back what could not be done.
  const ClaimFunction* claim = &database::kClaimTask;
  const FailFunction* fail = &database::kFailTask;
};

// In the order in which they are done: people wait for what was said just now.
constexpr std::array kKinds{
    Kind{api::tasks::kKinds[0], &summary_models, &summarise_session},
    Kind{api::tasks::kKinds[1], &reading_models, &extract_dossier},
    Kind{api::tasks::kKinds[2], &reading_models, &import_step, &database::kClaimImportStep,
         &database::kFailImportStep},
};

// A kind that is asked for, with who does it.
struct Wanted {
  const Kind* kind;
  engine::Endpoints models;
};

struct Request {
  std::vector<Wanted> wanted;  // never empty
  std::int64_t limit = api::tasks::kDefaultLimit;
  std::int64_t time_limit_ms = 0;

  // A job that begins has at least half of the time.
  std::int64_t begin_ms() const { return time_limit_ms / 2; }
  // A worker's death is noticed only after it: the time of a job, and of storing it.
  std::int64_t lease_seconds() const { return time_limit_ms / 1000 + kStoringSeconds; }
};

Result<std::vector<const Kind*>> read_kinds(const json::Document* names) {
  std::vector<const Kind*> kinds;
  for (const auto& kind : kKinds) {
    const bool is_wanted =
        !names || std::any_of(names->begin(), names->end(),
                              [&kind](const json::Document& name) { return name == kind.name; });
    if (is_wanted) kinds.push_back(&kind);
  }
  if (names && kinds.size() != names->size()) {
    Problem fault(ErrorCode::invalid_request, "The body has faults: see errors.", {});
    fault.errors.push_back(
        {"kinds",
         "must be kinds of tasks, each once: session_summary, dossier_extraction, dossier_import"});
    return tl::unexpected(std::move(fault));
  }
  return kinds;
}

// Kinds that nobody can do now are left alone; a problem when that is all of them.
Task<Result<Request>> read_request(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  const json::Document body = co_await engine::read_json(call, operation);
  co_await api::check_body(body, *operation.body);
  Request request;
  request.limit = json::integer_at(body, "limit").value_or(request.limit);
  request.time_limit_ms =
      call.setting_values().number(settings::named("FABULA_TASKS_TIME_LIMIT_MS"));
  const auto* names = json::find(body, "kinds");
  const std::vector<const Kind*> kinds =
      co_await read_kinds(names && names->is_array() ? names : nullptr);
  std::optional<Problem> first_problem;
  for (const auto* kind : kinds) {
    auto models = kind->models(call);
    if (models) {
      request.wanted.push_back({kind, std::move(*models)});
    } else if (!first_problem) {
      first_problem = std::move(models.error());
    }
  }
  if (request.wanted.empty()) co_return tl::unexpected(std::move(*first_problem));
  co_return request;
}

// Whether the job is done, and stored.
Task<bool> do_job(Call& call, const Request& request, const jobs::ClaimedJob& job,
                  std::int64_t deadline_ms) {
  const auto wanted =
      std::find_if(request.wanted.begin(), request.wanted.end(),
                   [&job](const Wanted& one) { return one.kind->name == job.kind; });
  if (wanted == request.wanted.end()) co_return false;
  const auto outcome =
      co_await runtime::attempt(wanted->kind->work(call, wanted->models, job, deadline_ms));
  if (outcome) co_return true;
  call.note_problem(outcome.error());
  // Refused when another worker has the job by now, or it is gone: then there is nothing to give
  // back. When it does not arrive, the end of the lease does the same.
  co_await runtime::attempt(engine::call_function(call.context(), call.database(),
                                                  *wanted->kind->fail, {job, outcome.error()}));
  co_return false;
}

// The next job of the kinds that are wanted; nothing when there is none.
Task<Result<std::optional<jobs::ClaimedJob>>> claim_next(Call& call, const Request& request) {
  std::vector<const ClaimFunction*> functions;
  for (const auto& wanted : request.wanted) {
    if (std::find(functions.begin(), functions.end(), wanted.kind->claim) == functions.end()) {
      functions.push_back(wanted.kind->claim);
    }
  }
  for (const auto* function : functions) {
    std::vector<std::string_view> kinds;
    for (const auto& wanted : request.wanted) {
      if (wanted.kind->claim == function) kinds.push_back(wanted.kind->name);
    }
    jobs::Claimed claimed =
        co_await engine::call_function(call.context(), call.database(), *function,
                                       {.kinds = kinds, .lease_seconds = request.lease_seconds()});
    if (claimed.job) co_return std::move(claimed.job);
  }
  co_return std::nullopt;
}

Task<Result<void>> run(Call& call, const Match& match) {
  co_await engine::require_operator(call);
  const Request request = co_await read_request(call, match);
  const auto began_ms = runtime::now_ms(call.context());
  const auto passed_ms = [&call, began_ms] { return runtime::now_ms(call.context()) - began_ms; };
  std::int64_t done = 0;
  std::int64_t failed = 0;
  bool is_left = true;
  while (done + failed < request.limit && passed_ms() < request.begin_ms() &&
         !call.context().isolate_ending().is_set()) {
    const std::optional<jobs::ClaimedJob> job = co_await claim_next(call, request);
    is_left = job.has_value();
    if (!is_left) break;
    const bool is_done = co_await do_job(call, request, *job, request.time_limit_ms - passed_ms());
    ++(is_done ? done : failed);
  }

  http::Response response;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  json::Writer writer(response.body);
  writer.begin_object().key("done").integer(done).key("failed").integer(failed);
  writer.key("left").boolean(is_left).end_object();
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::tasks::kRunTasks>(&run),
    engine::route<api::tasks::kHealth>(&engine::health),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "tasks", kRoutes); }

}  // namespace fabula::tasks_function
