#include "wasm/engine/turn.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/database/turn.hpp"
#include "shared/http/token.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/title.hpp"
#include "shared/text/uuid.hpp"
#include "shared/turn/event.hpp"
#include "shared/turn/finish_reason.hpp"
#include "shared/turn/summary.hpp"
#include "wasm/engine/jobs/worker.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

constexpr std::int64_t kProbeSilenceMs = 1000;
// Shorter than the time that a call waits for its answer, by the longest wait for a connection
// (PostgREST's db-pool-acquisition-timeout is 10 seconds), so that the database also refuses a turn
// that the edge refuses for time. The database does not notice when its own process was stopped:
// such a turn is withdrawn.
constexpr std::int64_t kBeginWaitMs = 5000;

Task<Result<turn::Finished>> finish_turn(Call& call, const turn::FinishTurn& end) {
  return call_function(call.context(), call.database(), database::kFinishTurn, end);
}

// Polls until the session has been read for the dossier, or the time for it is over. This request
// does the reading itself unless another worker does (functions/tasks), and finishes a step that it
// has begun. The client is told meanwhile how much is pending.
Task<void> wait_for_dossier(Call& call, const turn::BegunTurn& turn, JobKinds awaited_jobs,
                            turn::DossierView& dossier, Channel& channel) {
  // Platforms limit the subrequests of one request; together the intervals are a minute.
  constexpr int kMaximumDossierLooks = 20;
  constexpr std::uint32_t kLongestDossierGapMs = 4000;
  Context& context = call.context();
  runtime::Spawned<bool> work(
      work_on(call, awaited_jobs, {.session_id = turn.session_id}, job_time_limit_ms(call)));
  bool is_working = true;
  std::uint32_t gap_ms = 250;
  for (int looks = 0; looks < kMaximumDossierLooks && dossier.is_pending; ++looks) {
    co_await send_all(context, channel);
    if (channel.is_given_up()) break;
    runtime::SignalWait ending(context.isolate_ending());
    runtime::Timer timer(context, gap_ms);
    if (is_working) {
      co_await runtime::first_of(work, timer, ending);
      is_working = !work.is_ready();
      // Its own finished step is looked at at once; otherwise another worker has the work.
      if (!is_working && !work.take()) co_await runtime::first_of(timer, ending);
    } else {
      co_await runtime::first_of(timer, ending);
    }
    if (ending.is_ready()) break;
    gap_ms = std::min(gap_ms * 3 / 2, kLongestDossierGapMs);
    const auto finished = co_await runtime::attempt(call_function(
        context, call.database(), database::kLookAtFinishedTurn, {turn.generation_id}));
    // The next poll may succeed.
    if (!finished) continue;
    if (finished->dossier) dossier = *finished->dossier;
    channel.tell(turn::event::Beat{});
  }
  if (is_working) co_await runtime::WaitFor(work);
}

// Why a reply's end cannot be told as planned: the stored text differs from the streamed text.
struct Missing {
  Problem problem;
  std::uint64_t stored_bytes;
};

// Only this writer sends text, each part from the offset where the last one ended, so equal lengths
// mean equal texts.
std::optional<Missing> what_is_missing(const turn::BegunTurn& turn, const turn::FinishTurn& row,
                                       const Result<turn::Finished>& stored) {
  if (!stored) {
    if (stored.error().code == ErrorCode::not_found) return Missing{not_all_stored(), 0};
    return Missing{stored.error(), row.from_offset};
  }
  const std::uint64_t told_bytes = row.from_offset + row.text.size();
  const std::uint64_t said_bytes = told_bytes > turn.base_bytes ? told_bytes : 0;
  if (stored->status == turn::name(row.status) && stored->saved_bytes == said_bytes) {
    return std::nullopt;
  }
  return Missing{not_all_stored(), stored->saved_bytes};
}

// Stores how the reply has ended, and only then tells it.
Task<void> store_and_tell(Call& call, const turn::BegunTurn& turn, turn::FinishTurn row,
                          std::optional<Problem> ending, Channel& channel, JobKinds awaited_jobs) {
  Context& context = call.context();
  row.generation_id = turn.generation_id;
  row.error_code = ending ? facts(ending->code).name : std::string_view();
  row.latency_ms = runtime::now_ms(context) - call.started_ms();
  auto& log = call.log();
  log.outcome = turn::name(row.status);
  log.provider = row.provider;
  log.model = row.model;
  log.first_token_ms = row.first_token_ms;
  if (row.usage) {
    log.tokens_in = row.usage->input_tokens;
    log.tokens_out = row.usage->output_tokens;
  }

  // The last text is sent while the reply is stored.
  runtime::Spawned<bool> last_text(send_all(context, channel));
  const auto stored = co_await runtime::attempt(finish_turn(call, row));
  co_await runtime::WaitFor(last_text);
  std::optional<std::uint64_t> stored_bytes;
  if (auto missing = what_is_missing(turn, row, stored)) {
    log.outcome = "not_stored";
    stored_bytes = missing->stored_bytes;
    // The reply's own problem says more than that its generation was closed.
    if (!ending || !stored) ending = std::move(missing->problem);
  }
  const bool is_complete = !ending && row.status == turn::Status::complete;
  const bool is_cancelled = !ending && row.status == turn::Status::stopped;
  const auto finish_reason =
      turn::finish_reason_told(stored ? std::string_view(stored->status) : turn::name(row.status),
                               llm::name(row.finish_reason));
  if (stored && (is_complete || !stored->message_id.empty())) {
    turn::event::Stored end{turn,      stored->message_id, row.provider,   row.model,
                            row.usage, finish_reason,      stored->dossier};
    channel.tell(end);
    if (is_complete && !awaited_jobs.empty() && end.dossier) {
      co_await wait_for_dossier(call, turn, awaited_jobs, *end.dossier, channel);
      channel.tell(end);
    }
  }
  if (ending) {
    channel.tell(turn::event::Failed{*ending, stored_bytes});
  } else if (is_complete || is_cancelled) {
    channel.tell(turn::event::Finished{finish_reason});
  }
  co_await send_all(context, channel);
  co_await channel.end();
  if (ending) call.note_problem(*ending);
}

Result<void> start(const Caller& caller, const turn::BegunTurn& turn, Channel& channel) {
  http::Headers headers;
  add_ids(headers, turn, caller);
  if (auto begun = channel.begin(std::move(headers)); !begun) return begun;
  channel.tell(turn::event::Begun{turn});
  return {};
}

Result<std::optional<turn::RateLimit>> rate_limit(Call& call, const TurnRequest& request) {
  const auto setting = call.setting_values().text(settings::named("FABULA_RATE_LIMITS"));
  return turn::find_rate_limit(setting, call.log().function, request.kind->normal_rate);
}

}  // namespace

void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller) {
  headers.set("x-session-id", turn.session_id);
  if (!turn.project_id.empty()) headers.set("x-project-id", turn.project_id);
  headers.set("x-stream-id", turn.stream_id);
  if (turn.allowance) http::set_allowance(headers, *turn.allowance);
  if (!caller.new_guest_token.empty()) headers.set("x-guest-token", caller.new_guest_token);
}

Result<std::string> idempotency_key(const Call& call) {
  constexpr std::size_t kMaximumBytes = 255;
  const auto key = call.head().headers.find("idempotency-key");
  if (!key) return {};
  if (key->empty() || key->size() > kMaximumBytes ||
      !std::all_of(key->begin(), key->end(), http::is_visible_ascii)) {
    return problem(
        ErrorCode::invalid_request,
        "The header Idempotency-Key must have 1 to 255 visible ASCII characters, such as "
        "a new UUID for each message.");
  }
  return std::string(*key);
}

TurnLimits read_turn_limits(Call& call) {
  using settings::named;
  auto& values = call.setting_values();
  TurnLimits limits;
  auto& relay = limits.relay;
  auto& upstream = relay.upstream;
  limits.history_tokens = values.number(named("FABULA_HISTORY_TOKENS"));
  limits.maximum_output_tokens = values.number(named("FABULA_MAX_OUTPUT_TOKENS"));
  upstream.first_token_ms = values.number(named("FABULA_FIRST_TOKEN_TIMEOUT_MS"));
  upstream.idle_ms = values.number(named("FABULA_IDLE_TIMEOUT_MS"));
  relay.whole_ms = values.number(named("FABULA_TIME_LIMIT_MS"));
  relay.coalesce_ms = values.number(named("FABULA_COALESCE_MS"));
  return limits;
}

Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                         const TurnRequest& request, const Endpoints& endpoints,
                                         const TurnLimits& limits) {
  const std::string title = text::session_title(request.text);
  const auto rate = co_await rate_limit(call, request);
  const auto* model = endpoints.empty() ? nullptr : &endpoints.front();
  auto begun = co_await runtime::attempt(call_function(
      call.context(), call.database(), database::kBeginTurn,
      {.principal = caller.principal,
       .kind = request.kind->name,
       .action = request.action,
       .session_id = request.session_id,
       .project_id = request.project_id,
       .message_id = request.message_id,
       .text = request.text,
       .instruction = request.instruction(),
       .title = title,
       .provider = model ? model->provider->name : std::string_view(),
       .model = model ? std::string_view(model->model) : std::string_view(),
       .system_prompt = request.system_prompt,
       .prompt = request.prompt,
       .summary_heading = turn::summary_heading(),
       .maximum_output_tokens = limits.maximum_output_tokens,
       .history_budget_tokens = limits.history_tokens,
       .claimed_user_id = request.claimed_user_id,
       .idempotency_key = request.idempotency_key,
       .request_hash = request.request_hash,
       .external_id = request.external_id,
       .stream_id = request.stream_id,
       .bot_id = request.bot_id,
       .limited_action = call.log().function,
       .rate_limit = rate,
       .message_metadata = request.message_metadata,
       .task_prompts = request.task_prompts,
       .task_prompt_labels = request.task_prompt_labels,
       .dossier_heading =
           request.kind->dossier_heading ? request.kind->dossier_heading->text : std::string_view(),
       .is_worth_extracting = request.is_worth_extracting,
       .call_id = request.call_id,
       .wait_ms = kBeginWaitMs}));
  if (!begun) {
    auto& refusal = begun.error();
    if (rate && refusal.code == ErrorCode::rate_limited) refusal.max_requests = rate->max_requests;
    co_return tl::unexpected(std::move(refusal));
  }
  turn::BegunTurn& turn = *begun;
  auto& log = call.log();
  log.user_id = turn.user_id;
  log.session_id = turn.session_id;
  log.stream_id = turn.stream_id;
  if (model) {
    log.provider = model->provider->name;
    log.model = model->model;
  }
  co_return std::move(begun);
}

std::string make_call_id(Context& context) {
  std::array<std::uint8_t, 16> random{};
  runtime::fill_random(context, random);
  return text::make_uuid_v4(random);
}

Task<void> withdraw_turn(Call& call, std::string_view call_id) {
  // If the database stays unreachable, the turn looks like one whose isolate has died: the same
  // request may be made again under its key.
  co_await runtime::attempt(
      call_function(call.context(), call.database(), database::kWithdrawTurn, {call_id}));
}

Task<void> abandon_turn(Call& call, const turn::BegunTurn& turn, const Endpoints& endpoints,
                        const Problem& problem) {
  turn::FinishTurn row;
  row.generation_id = turn.generation_id;
  row.from_offset = turn.base_bytes;
  row.error_code = facts(problem.code).name;
  row.latency_ms = runtime::now_ms(call.context()) - call.started_ms();
  if (!endpoints.empty()) {
    row.provider = endpoints.front().provider->name;
    row.model = endpoints.front().model;
  }
  // If it cannot be stored, the turn ends like one whose isolate has died.
  co_await runtime::attempt(finish_turn(call, row));
}

std::int64_t longest_silence_ms(Context& context, const RelayLimits& limits) {
  return runtime::notices_leaving_only_on_write(context) ? kProbeSilenceMs : limits.beat_ms;
}

Task<Result<void>> answer_turn(Call& call, const Caller& caller, turn::BegunTurn& turn,
                               const TurnRequest& request, Answering& answering,
                               const TurnLimits& limits, Channel& channel, ToolRunner* tools) {
  Context& context = call.context();
  const auto now_ms = runtime::now_ms(context);
  const std::string system_prompt =
      turn::with_summary(request.system_prompt + turn.told, turn.summary);
  const std::string_view last_text = request.text.empty() ? request.instruction() : request.text;
  ModelRoute route(answering.endpoints, turn, system_prompt, last_text, answering.attachments,
                   limits.maximum_output_tokens);
  ReplySaver saver(context, call.database(), turn.generation_id, turn.base_bytes, now_ms);
  std::optional<ToolRounds> rounds;
  if (tools && !request.kind->tools.empty()) {
    route.offer(request.kind->tools);
    rounds.emplace(request.kind->tools, *tools, channel);
  }
  Relay relay(context, limits.relay, route, channel, saver, rounds ? &*rounds : nullptr,
              {.keeps_on = request.detach, .tells_reasoning = request.reasoning});
  relay.begin();
  co_await start(caller, turn, channel);
  RelayEnd end = co_await relay.run();
  const auto& model = route[relay.model()];
  call.log().attempts = static_cast<int>(relay.attempts().size());

  turn::FinishTurn row;
  row.status = end.status;
  row.from_offset = saver.reply().saved_bytes();
  row.text = saver.reply().unsaved();
  row.finish_reason = end.finish_reason;
  row.usage = end.usage;
  row.first_token_ms = relay.first_token_ms();
  row.provider = model.provider->name;
  row.model = model.model;
  row.attempts = relay.attempts();
  row.is_worth_extracting = request.is_worth_extracting;
  co_await store_and_tell(call, turn, row, std::move(end.problem), channel, request.awaited_jobs);
  co_return {};
}

Task<Result<void>> fail_turn(Call& call, const Caller& caller, const turn::BegunTurn& turn,
                             Problem problem, Channel& channel) {
  co_await start(caller, turn, channel);
  turn::FinishTurn row;
  row.from_offset = turn.base_bytes;
  co_await store_and_tell(call, turn, row, std::move(problem), channel, {});
  co_return {};
}

}  // namespace fabula::engine
