#include "functions/stream/turns.hpp"

#include <string>
#include <utility>

#include "functions/stream/framing.hpp"
#include "shared/api/check.hpp"
#include "shared/http/media_type.hpp"
#include "shared/settings/table.hpp"
#include "shared/sse/encoder.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/engine/event_stream.hpp"
#include "wasm/engine/follow.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/host_settings.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::stream_function {
namespace {

using engine::Call;
using engine::Match;
using engine::TurnRequest;
using runtime::Task;

// Of one user, unless FABULA_RATE_LIMITS says otherwise.
constexpr turn::RateLimit kNormalRate{.max_requests = 5, .window_s = 60};

struct StreamRequest {
  TurnRequest turn{.kind = "relay"};
  std::string system;  // what the bot is told instead of its own; may be empty
};

Task<Result<StreamRequest>> read_request(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  StreamRequest asked;
  TurnRequest& request = asked.turn;
  request.normal_rate = kNormalRate;
  request.idempotency_key = co_await engine::idempotency_key(call);
  const json::Document body = co_await engine::read_json(call, operation);
  const std::string checked = co_await api::check_body(body, *operation.body);
  const auto text = [&body](std::string_view key) {
    return std::string(json::string_at(body, key).value_or(""));
  };
  request.text = text("prompt");
  request.stream_id = text("stream_id");
  request.bot_id = json::integer_at(body, "bot_id").value_or(0);
  request.external_id = text::integer_text(json::integer_at(body, "conversation_id").value_or(0));
  asked.system = text("system");
  request.detach = json::boolean_at(body, "detach").value_or(false);
  if (!request.idempotency_key.empty() || !request.stream_id.empty()) {
    request.request_hash = co_await engine::sha256_hex(call.context(), checked);
  }
  co_return asked;
}

// MODEL_STREAM, for bots that do not say where their model is; else the chat's.
Result<llm::Route> own_route(Call& call) {
  using settings::named;
  constexpr const settings::Setting& kOwn = named("MODEL_STREAM");
  auto& values = call.setting_values();
  const auto& setting = values.find(kOwn) ? kOwn : named("MODEL_CHAT");
  return llm::parse_route(values.text(setting), setting.name);
}

Result<llm::Endpoint> resolve_bot(Call& call, const llm::Bot& bot) {
  auto route = own_route(call);
  if (!route) return tl::unexpected(std::move(route.error()));
  return llm::resolve_bot(bot, *route, engine::HostSettings(call), call.settings().is_development);
}

}  // namespace

Task<Result<void>> start(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_json(headers.find("content-type"));
  co_await http::require_acceptable(headers.find("accept"), sse::kContentType);
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  StreamRequest asked = co_await read_request(call, match);
  TurnRequest& request = asked.turn;
  request.system_prompt = asked.system;
  call.log().bot_id = text::integer_text(request.bot_id);
  call.log().conversation_id = request.external_id;

  const auto limits = engine::read_turn_limits(call);
  // Where the bot is reached is only known when the turn has begun.
  auto turn = co_await engine::begin_turn(call, caller, request, {}, limits);
  const std::string stream_id = turn.stream_id;
  Framing framing(stream_id, turn.base_bytes);
  auto head = engine::event_stream_head();
  if (turn.is_replayed) {
    head.headers.add("idempotent-replayed", "true");
    const auto known = co_await engine::known_bytes(call);
    framing = Framing(stream_id, known);
    co_await engine::follow_turn(call, caller,
                                 {turn::TurnKey::Kind::generation_id, turn.generation_id}, known,
                                 framing, std::move(head));
    co_return {};
  }
  const auto bot = turn::asked_bot(turn).value_or(turn::AskedBot{});
  if (request.system_prompt.empty()) request.system_prompt = bot.system;
  auto endpoint = resolve_bot(call, bot.choice);
  if (!endpoint) {
    co_await engine::fail_turn(call, caller, std::move(turn), std::move(endpoint.error()), framing,
                               std::move(head));
    co_return {};
  }
  engine::Endpoints endpoints;
  endpoints.push_back(std::move(*endpoint));
  co_await engine::stream_turn(call, caller, std::move(turn), request, endpoints, limits, framing,
                               std::move(head));
  co_return {};
}

Task<Result<void>> resume(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), sse::kContentType);
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  std::string checked;
  co_await api::append_path_ids(checked, match.captures);
  const auto known = co_await engine::known_bytes(call);
  const std::string_view stream_id = match.captures.front().value;
  Framing framing(stream_id, known);
  co_await engine::follow_turn(call, caller, {turn::TurnKey::Kind::stream_id, stream_id}, known,
                               framing, engine::event_stream_head());
  co_return {};
}

}  // namespace fabula::stream_function
