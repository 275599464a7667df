#include "wasm/engine/turn.hpp"

#include <algorithm>
#include <utility>

#include "shared/http/token.hpp"
#include "shared/llm/model_request.hpp"
#include "shared/text/title.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

// A client that takes nothing keeps its instance no longer than this after the reply's end.
constexpr std::uint32_t kFlushTimeoutMs = 30'000;
// finish_turn may be repeated: a turn that is stored already answers what it was.
constexpr std::uint32_t kFirstRetryMs = 500;
constexpr int kFinishAttempts = 4;

class HostSettings final : public llm::Settings {
 public:
  explicit HostSettings(Context& context) : context_(context) {}
  std::optional<std::string> find(std::string_view name) const override {
    return runtime::environment(context_, name);
  }

 private:
  Context& context_;
};

Result<std::string> model_head(const llm::Endpoint& model) {
  http::RequestHead head{"POST", model.url, model.headers};
  return http::serialize(head);
}

Task<Result<turn::Finished>> finish_turn(Call& call, const turn::FinishTurn& end) {
  const auto request = turn::finish_turn_request(end);
  std::uint32_t wait_ms = kFirstRetryMs;
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await runtime::attempt(
        call_function(call.context(), call.database(), "finish_turn", request));
    if (answer) co_return turn::parse_finished(*answer);
    const bool may_pass = answer.error().code == ErrorCode::database_unavailable;
    if (!may_pass || attempt == kFinishAttempts) co_return tl::unexpected(answer.error());
    co_await runtime::Timer(call.context(), wait_ms);
    wait_ms *= 2;
  }
}

Task<void> flush(Context& context, Relay& relay) {
  co_await runtime::when_any(relay.flush(), [](Context& same) -> Task<void> {
    co_await runtime::Timer(same, kFlushTimeoutMs);
  }(context));
}

void note_end(log::RequestLog& log, const RelayEnd& end, const Relay& relay) {
  log.outcome = turn::name(end.status);
  log.first_token_ms = relay.first_token_ms();
  if (end.usage) {
    log.tokens_in = end.usage->input_tokens;
    log.tokens_out = end.usage->output_tokens;
  }
}

}  // namespace

void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller) {
  headers.set("x-session-id", turn.session_id);
  headers.set("x-project-id", turn.project_id);
  headers.set("x-stream-id", turn.stream_id);
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

TurnLimits read_turn_limits(const Call& call) {
  TurnLimits limits;
  auto& relay = limits.relay;
  limits.history_tokens =
      call.number_setting("FABULA_HISTORY_TOKENS", limits.history_tokens, 0, 1'000'000);
  limits.maximum_output_tokens =
      call.number_setting("FABULA_MAX_OUTPUT_TOKENS", limits.maximum_output_tokens, 1, 100'000);
  relay.first_token_ms =
      call.number_setting("FABULA_FIRST_TOKEN_TIMEOUT_MS", relay.first_token_ms, 100, 600'000);
  relay.idle_ms = call.number_setting("FABULA_IDLE_TIMEOUT_MS", relay.idle_ms, 100, 600'000);
  relay.whole_ms = call.number_setting("FABULA_TIME_LIMIT_MS", relay.whole_ms, 100, 3'600'000);
  return limits;
}

Result<llm::Endpoint> resolve_model(Call& call, std::string_view setting,
                                    std::string_view default_route) {
  const auto text = runtime::environment(call.context(), setting);
  const auto route = llm::parse_route(text ? *text : default_route, setting);
  if (!route) return tl::unexpected(route.error());
  return llm::resolve(route->front(), HostSettings(call.context()), call.settings().is_development);
}

Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                         const TurnRequest& request, const llm::Endpoint& model,
                                         const TurnLimits& limits) {
  const std::string title = text::session_title(request.text);
  const auto body = turn::begin_turn_request({.principal = caller.principal,
                                              .kind = request.kind,
                                              .action = request.action,
                                              .session_id = request.session_id,
                                              .project_id = request.project_id,
                                              .message_id = request.message_id,
                                              .text = request.text,
                                              .instruction = request.instruction,
                                              .title = title,
                                              .provider = model.provider->name,
                                              .model = model.model,
                                              .system_prompt = request.system_prompt,
                                              .maximum_output_tokens = limits.maximum_output_tokens,
                                              .history_budget_tokens = limits.history_tokens,
                                              .claimed_user_id = request.claimed_user_id,
                                              .idempotency_key = request.idempotency_key,
                                              .request_hash = request.request_hash});
  std::string answer = co_await call_function(call.context(), call.database(), "begin_turn", body);
  auto turn = co_await turn::parse_begun_turn(std::move(answer));
  auto& log = call.log();
  log.user_id = turn.user_id;
  log.session_id = turn.session_id;
  log.stream_id = turn.stream_id;
  log.provider = model.provider->name;
  log.model = model.model;
  co_return std::move(turn);
}

Task<Result<void>> stream_turn(Call& call, const Caller& caller, turn::BegunTurn turn,
                               const TurnRequest& request, const llm::Endpoint& model,
                               const TurnLimits& limits, TurnFraming& framing,
                               http::ResponseHead head) {
  Context& context = call.context();
  add_ids(head.headers, turn, caller);
  co_await call.start(std::move(head));
  std::string at_trap;
  framing.error(at_trap, Problem(ErrorCode::internal_error,
                                 "Something went wrong on our side; what was written is kept. "
                                 "Try again.",
                                 {}));
  runtime::set_response_on_trap(context, at_trap);

  Relay relay(context, call.database(), limits.relay, turn.generation_id, turn.base_bytes, framing);
  RelayEnd end;
  const std::string_view last = request.text.empty() ? request.instruction : request.text;
  auto body = llm::build_request(
      *model.provider, {.model = model.model,
                        .system_prompt = request.system_prompt,
                        .history_json = turn.history_json(),
                        .user_text = last,
                        .maximum_output_tokens = static_cast<int>(limits.maximum_output_tokens)});
  turn.answer = std::string();  // the history is in the request now
  const auto to_model = model_head(model);
  if (body && to_model) {
    end = co_await relay.run(*to_model, std::move(*body));
  } else {
    end.problem = body ? to_model.error() : body.error();
  }
  note_end(call.log(), end, relay);

  turn::FinishTurn row;
  row.generation_id = turn.generation_id;
  row.status = end.status;
  row.from_offset = relay.reply().saved_bytes();
  row.text = relay.reply().unsaved();
  row.finish_reason = end.finish_reason;
  row.error_code = end.problem ? facts(end.problem->code).name : std::string_view();
  row.usage = end.usage;
  row.first_token_ms = relay.first_token_ms();
  row.latency_ms = runtime::now_ms(context) - call.started_ms();
  row.provider = model.provider->name;
  row.model = model.model;

  // The last text goes out while the reply is stored; its end is told only when it is.
  runtime::Spawned<void> last_text(flush(context, relay));
  const auto stored = co_await runtime::attempt(finish_turn(call, row));
  co_await runtime::WaitFor(last_text);
  if (!stored) {
    call.log().outcome = "not_stored";
    end.problem = stored.error();
  }
  const bool is_complete = !end.problem && end.status == turn::Status::complete;
  if (stored && (is_complete || !stored->message_id.empty())) {
    framing.stored(relay.unsent(),
                   {turn, stored->message_id, model.provider->name, model.model, end.usage});
  }
  if (end.problem) {
    framing.error(relay.unsent(), *end.problem);
  } else if (is_complete) {
    framing.done(relay.unsent());
  }
  co_await flush(context, relay);
  runtime::end_response(context);
  if (end.problem) call.note_problem(*end.problem);
  co_return {};
}

}  // namespace fabula::engine
