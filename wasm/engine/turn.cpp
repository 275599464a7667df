#include "wasm/engine/turn.hpp"

#include <algorithm>
#include <utility>

#include "shared/database/turn.hpp"
#include "shared/http/token.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/title.hpp"
#include "shared/turn/summary.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/worker.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

// A client that takes nothing keeps its instance no longer than this after the reply's end.
constexpr std::uint32_t kFlushTimeoutMs = 30'000;
constexpr std::int64_t kProbeSilenceMs = 1000;

Task<Result<turn::Finished>> finish_turn(Call& call, const turn::FinishTurn& end) {
  return call_function(call.context(), call.database(), database::kFinishTurn, end);
}

Task<void> flush(Context& context, ClientWriter& writer) {
  runtime::Spawned<void> flushed(writer.flush());
  runtime::Timer timeout(context, kFlushTimeoutMs);
  co_await runtime::first_of(flushed, timeout);
}

// Clients' leaving shows on some hosts only when something is written, so they are written to more
// often than others (design section 2).
std::int64_t longest_silence_ms(Context& context, const RelayLimits& limits) {
  return runtime::notices_leaving_only_on_write(context) ? kProbeSilenceMs : limits.beat_ms;
}

// Looks at the row until what was said has been read for the dossier, or the time for it is over.
// It reads it itself, unless somebody else does (functions/tasks), and what it has begun it does to
// its end. The client is told what waits meanwhile.
Task<void> wait_for_dossier(Call& call, const turn::BegunTurn& turn, turn::DossierView& dossier,
                            ClientWriter& writer, TurnFraming& framing) {
  // A platform bounds how many calls one request makes; together the gaps are a minute.
  constexpr int kMaximumLooks = 20;
  constexpr std::uint32_t kLongestGapMs = 4000;
  Context& context = call.context();
  runtime::Spawned<bool> work(work_on(call, job_kind_named("dossier_extraction"),
                                      {.session_id = turn.session_id}, job_time_limit_ms(call)));
  bool is_working = true;
  std::uint32_t gap_ms = 250;
  for (int looks = 0; looks < kMaximumLooks && dossier.is_pending; ++looks) {
    co_await flush(context, writer);
    if (writer.is_given_up()) break;
    runtime::SignalWait ending(context.isolate_ending());
    runtime::Timer timer(context, gap_ms);
    if (is_working) {
      co_await runtime::first_of(work, timer, ending);
      is_working = !work.is_ready();
      // What it has done is looked at now; else somebody else is at it.
      if (!is_working && !work.take()) co_await runtime::first_of(timer, ending);
    } else {
      co_await runtime::first_of(timer, ending);
    }
    if (ending.is_ready()) break;
    gap_ms = std::min(gap_ms * 3 / 2, kLongestGapMs);
    const auto finished = co_await runtime::attempt(call_function(
        context, call.database(), database::kLookAtFinishedTurn, {turn.generation_id}));
    // The next look may succeed.
    if (!finished) continue;
    if (finished->dossier) dossier = *finished->dossier;
    framing.beat(writer.unsent());
  }
  if (is_working) co_await runtime::WaitFor(work);
}

// Stores how the reply has ended, and only then tells it.
Task<void> store_and_tell(Call& call, const turn::BegunTurn& turn, turn::FinishTurn row,
                          std::optional<Problem> ending, ClientWriter& writer, TurnFraming& framing,
                          bool awaits_dossier) {
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

  // The last text goes out while the reply is stored.
  runtime::Spawned<void> last_text(flush(context, writer));
  const auto stored = co_await runtime::attempt(finish_turn(call, row));
  co_await runtime::WaitFor(last_text);
  if (!stored) {
    log.outcome = "not_stored";
    ending = stored.error();
  }
  const bool is_complete = !ending && row.status == turn::Status::complete;
  if (stored && (is_complete || !stored->message_id.empty())) {
    TurnEnd end{turn, stored->message_id, row.provider, row.model, row.usage, stored->dossier};
    framing.stored(writer.unsent(), end);
    if (is_complete && awaits_dossier && end.dossier) {
      co_await wait_for_dossier(call, turn, *end.dossier, writer, framing);
      framing.stored(writer.unsent(), end);
    }
  }
  if (ending) {
    framing.error(writer.unsent(), *ending);
  } else if (is_complete) {
    framing.done(writer.unsent());
  }
  co_await flush(context, writer);
  runtime::end_response(context);
  if (ending) call.note_problem(*ending);
}

// The answer's head goes out; an instance that traps from here on says so in the stream.
Result<void> start(Call& call, const Caller& caller, const turn::BegunTurn& turn,
                   TurnFraming& framing, http::ResponseHead head) {
  add_ids(head.headers, turn, caller);
  if (auto started = call.start(std::move(head)); !started) return started;
  std::string at_trap;
  framing.error(at_trap, Problem(ErrorCode::internal_error,
                                 "Something went wrong on our side; what was written is kept. "
                                 "Try again.",
                                 {}));
  runtime::set_response_on_trap(call.context(), at_trap);
  return {};
}

Result<std::optional<turn::RateLimit>> rate_limit(Call& call, const TurnRequest& request) {
  const auto setting = call.setting_values().text(settings::named("FABULA_RATE_LIMITS"));
  return turn::find_rate_limit(setting, call.log().function, request.normal_rate);
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
  auto begun = co_await runtime::attempt(
      call_function(call.context(), call.database(), database::kBeginTurn,
                    {.principal = caller.principal,
                     .kind = request.kind,
                     .action = request.action,
                     .session_id = request.session_id,
                     .project_id = request.project_id,
                     .message_id = request.message_id,
                     .text = request.text,
                     .instruction = request.instruction,
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
                     .dossier_heading = request.dossier_heading,
                     .is_worth_extracting = request.is_worth_extracting}));
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

Task<void> abandon_turn(Call& call, const turn::BegunTurn& turn, const llm::Endpoint& model,
                        const Problem& problem) {
  turn::FinishTurn row;
  row.generation_id = turn.generation_id;
  row.from_offset = turn.base_bytes;
  row.error_code = facts(problem.code).name;
  row.latency_ms = runtime::now_ms(call.context()) - call.started_ms();
  row.provider = model.provider->name;
  row.model = model.model;
  // If it cannot be stored, the turn ends as one whose isolate has died.
  co_await runtime::attempt(finish_turn(call, row));
}

Task<Result<void>> stream_turn(Call& call, const Caller& caller, turn::BegunTurn&& turn,
                               const TurnRequest& request, const Endpoints& endpoints,
                               const TurnLimits& limits, TurnFraming& framing,
                               http::ResponseHead&& head, Attachments attachments) {
  Context& context = call.context();
  const auto now_ms = runtime::now_ms(context);
  const std::string system_prompt =
      turn::with_summary(std::string(request.system_prompt) + turn.told, turn.summary);
  ModelRoute route(endpoints, turn, system_prompt,
                   request.text.empty() ? request.instruction : request.text, attachments,
                   limits.maximum_output_tokens);
  ClientWriter writer(context, framing, limits.relay.coalesce_ms,
                      longest_silence_ms(context, limits.relay), now_ms);
  ReplySaver saver(context, call.database(), turn.generation_id, turn.base_bytes, now_ms);
  Relay relay(context, limits.relay, route, writer, saver, request.detach);
  relay.begin();
  co_await start(call, caller, turn, framing, std::move(head));
  RelayEnd end = co_await relay.run();
  const auto& model = endpoints[relay.model()];
  call.log().attempts = static_cast<std::int64_t>(relay.calls().size());

  turn::FinishTurn row;
  row.status = end.status;
  row.from_offset = saver.reply().saved_bytes();
  row.text = saver.reply().unsaved();
  row.finish_reason = end.finish_reason;
  row.usage = end.usage;
  row.first_token_ms = relay.first_token_ms();
  row.provider = model.provider->name;
  row.model = model.model;
  row.attempts = relay.calls();
  row.is_worth_extracting = request.is_worth_extracting;
  co_await store_and_tell(call, turn, row, std::move(end.problem), writer, framing,
                          request.awaits_dossier);
  co_return {};
}

Task<Result<void>> fail_turn(Call& call, const Caller& caller, turn::BegunTurn turn,
                             Problem problem, TurnFraming& framing, http::ResponseHead head) {
  co_await start(call, caller, turn, framing, std::move(head));
  ClientWriter writer(call.context(), framing, 0, 0, runtime::now_ms(call.context()));
  turn::FinishTurn row;
  row.from_offset = turn.base_bytes;
  co_await store_and_tell(call, turn, row, std::move(problem), writer, framing, false);
  co_return {};
}

}  // namespace fabula::engine
