#include "wasm/engine/turn.hpp"
#include "wasm/engine/admission.hpp"

#include <array>
#include <utility>

#include "shared/database/turn.hpp"
#include "shared/llm/request/history.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/title.hpp"
#include "shared/text/uuid.hpp"
#include "shared/turn/event.hpp"
#include "shared/turn/seam.hpp"
#include "shared/turn/summary.hpp"
#include "wasm/engine/turn_end.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

constexpr std::int64_t kProbeSilenceMs = 1000;
// Shorter than the time that a call waits for its answer, by the longest wait for a connection
// (PostgREST's db-pool-acquisition-timeout is 10 seconds), so that the database also refuses a turn
// that has timed out at the edge. The database does not notice if its own process was stopped: such
// a turn is withdrawn.
constexpr std::int64_t kBeginWaitMs = 5000;

// A turn's other subrequests besides saves: beginning and end with retries, models, tools.
constexpr std::int64_t kOtherSubrequests = 20;

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

// Calls a function of the database that takes the whole request of a turn.
template <class Answer>
Task<Result<Answer>> ask_with_turn(Call& call, const Caller& caller, const TurnRequest& request,
                                   const Endpoints& endpoints, const TurnLimits& limits,
                                   const database::Function<turn::BeginTurn, Answer>& function) {
  const std::string title = text::session_title(request.text);
  const auto rate = co_await rate_limit(call, request);
  const std::string admission = co_await describe_admission(call);
  const auto* model = endpoints.empty() ? nullptr : &endpoints.front();
  auto answer = co_await runtime::attempt(call_function(
      call.context(), call.database(), function,
      {.principal = caller.principal,
       .kind = request.kind->name,
       .action = request.action,
       .session_id = request.session_id,
       .project_id = request.project_id,
       .message_id = request.message_id,
       .text = request.text,
       .instruction = request.instruction(),
       .guidance = request.guidance,
       .instructions = request.instructions,
       .title = title,
       .provider = model ? model->provider->name : std::string_view(),
       .model = model ? std::string_view(model->model) : std::string_view(),
       .system_prompt = request.system_prompt,
       .prompt = request.prompt,
       .summary_heading = turn::summary_heading(),
       .maximum_output_tokens = limits.maximum_output_tokens,
       .chosen = request.chosen,
       .history_budget_tokens = limits.history_tokens,
       .claimed_user_id = request.claimed_user_id,
       .idempotency_key = request.idempotency_key,
       .request_hash = request.request_hash,
       .external_id = request.external_id,
       .stream_id = request.stream_id,
       .bot_id = request.bot_id,
       .hides_public_bots = request.hides_public_bots,
       .limited_action = call.log().function,
       .rate_limit = rate,
       .admission = admission,
       .message_metadata = request.message_metadata,
       .task_prompts = request.task_prompts,
       .task_prompt_labels = request.task_prompt_labels,
       .dossier_heading =
           request.kind->dossier_heading ? request.kind->dossier_heading->text : std::string_view(),
       .is_worth_extracting = request.is_worth_extracting,
       .if_newest = request.if_newest,
       .companion = request.companion ? &*request.companion : nullptr,
       .kinds = request.kinds,
       .call_id = request.call_id,
       .wait_ms = kBeginWaitMs}));
  if (!answer) {
    auto& refusal = answer.error();
    // Unless the database tells another limit.
    if (rate && refusal.code == ErrorCode::rate_limited && refusal.limit == 0) {
      refusal.limit = rate->max_requests;
    }
    co_return tl::unexpected(std::move(refusal));
  }
  co_return std::move(answer);
}

}  // namespace

void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller) {
  headers.set("x-session-id", turn.session_id);
  if (!turn.project_id.empty()) headers.set("x-project-id", turn.project_id);
  headers.set("x-stream-id", turn.stream_id);
  if (turn.allowance) http::set_allowance(headers, *turn.allowance);
  if (!caller.new_guest_token.empty()) headers.set("x-guest-token", caller.new_guest_token);
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
  limits.saves = values.number(named("FABULA_TURN_SUBREQUESTS")) - kOtherSubrequests;
  return limits;
}

Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                         const TurnRequest& request, const Endpoints& endpoints,
                                         const TurnLimits& limits) {
  turn::BegunTurn turn =
      co_await ask_with_turn(call, caller, request, endpoints, limits, database::kBeginTurn);
  auto& log = call.log();
  if (log.task.empty()) log.task = request.kind->name;
  log.user_id = turn.user_id;
  log.session_id = turn.session_id;
  log.stream_id = turn.stream_id;
  if (turn.is_new_user) log.acting_for.append(", who is new");
  if (!endpoints.empty()) {
    log.provider = endpoints.front().provider->name;
    log.model = endpoints.front().model;
  }
  co_return std::move(turn);
}

Task<Result<void>> admit_turn(Call& call, const Caller& caller, const TurnRequest& request,
                              const Endpoints& endpoints, const TurnLimits& limits) {
  co_await ask_with_turn(call, caller, request, endpoints, limits, database::kAdmitTurn);
  co_return {};
}

std::string make_call_id(Context& context) {
  std::array<std::uint8_t, 16> random{};
  runtime::fill_random(context, random);
  return text::make_uuid_v4(random);
}

Task<void> withdraw_turn(Call& call, std::string_view call_id) {
  // If the database stays unreachable, the turn looks like one whose isolate has died: the same
  // request may be repeated with its key.
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
  co_await runtime::attempt(
      call_function(call.context(), call.database(), database::kFinishTurn, row));
}

std::int64_t longest_silence_ms(Context& context, const RelayLimits& limits) {
  return runtime::notices_leaving_only_on_write(context) ? kProbeSilenceMs : limits.beat_ms;
}

Task<Result<void>> answer_turn(Call& call, const Caller& caller, turn::BegunTurn& turn,
                               const TurnRequest& request, Answering& answering,
                               const TurnLimits& limits, Channel& channel, TurnTools tools) {
  Context& context = call.context();
  const auto now_ms = runtime::now_ms(context);
  const std::string system_prompt = turn::with_summary(
      turn.system_prompt.value_or(request.system_prompt) + turn.told, turn.summary);
  const std::string_view said = turn.cut_text ? std::string_view(*turn.cut_text) : request.text;
  const std::string_view last_text = said.empty() ? request.instruction() : said;
  ModelRoute route(context, answering.endpoints, turn, system_prompt, last_text,
                   answering.attachments,
                   {.maximum_output_tokens =
                        turn.chosen.maximum_output_tokens.value_or(limits.maximum_output_tokens),
                    .temperature_hundredths = turn.chosen.temperature_hundredths});
  std::optional<turn::Seam> seam;
  if (request.action == turn::Action::go_on) {
    route.go_on();
    seam.emplace(llm::last_message(turn.history_json()), turn.history_json());
  }
  ReplySaver saver(context, call.database(), turn.generation_id, turn.base_bytes,
                   turn::SaveSchedule(now_ms, limits.saves));
  std::optional<ToolRounds> rounds;
  if (tools.runner && !tools.offered.empty()) {
    route.offer(tools.offered);
    rounds.emplace(tools.offered, *tools.runner, channel);
  }
  Relay relay(context, limits.relay, route, channel, saver, rounds ? &*rounds : nullptr,
              {.keeps_on = request.detach,
               .tells_reasoning = request.reasoning,
               .seam = seam ? &*seam : nullptr});
  relay.begin();
  co_await start(caller, turn, channel);
  RelayEnd end = co_await relay.run();
  const auto& model = route[relay.model()];
  call.log().attempts = static_cast<int>(relay.attempts().size());
  call.log().provider_failures = relay.take_failures();

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
  row.goes_on_verbatim = route.goes_on_verbatim(relay.model());
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
