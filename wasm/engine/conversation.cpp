#include "wasm/engine/conversation.hpp"

#include <string>
#include <utility>

#include "generated/prompts.hpp"
#include "shared/api/check.hpp"
#include "shared/http/media_type.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/engine/follow.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/http_channels.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/engine/kind_turns.hpp"
#include "wasm/engine/model_choice.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Reads path, headers and body, first the members of all kinds, then the kind's own.
Task<Result<TurnRequest>> read_request(Call& call, const Match& match, Caller& caller,
                                       Conversation& conversation, turn::Action action,
                                       json::Document& body) {
  const api::Operation& operation = *match.route.operation;
  TurnRequest request{.kind = &conversation.kind(), .action = action};
  if (operation.takes_user_id_header) {
    request.claimed_user_id = co_await claimed_user(call, caller);
  }
  request.idempotency_key = co_await idempotency_key(call);

  std::string asked;
  if (request.kind->has_several_operations) asked.append(operation.id).append(" ");
  co_await api::append_path_ids(asked, match.captures);
  body = co_await read_json(call, operation);
  asked += co_await api::check_body(body, *operation.body);
  co_await name_user(call, caller, body);
  if (!match.captures.empty()) request.message_id = match.captures.front().value;
  request.detach = json::boolean_at(body, "detach").value_or(false);
  co_await conversation.read(call, body, request);
  co_await check_maximum_tokens(call, request.chosen.maximum_output_tokens);
  if (!request.guidance.empty()) {
    request.guidance_instruction =
        prompts::filled(prompts::kGuidance, {{"guidance", request.guidance}});
  }
  if (!request.idempotency_key.empty() || !request.stream_id.empty()) {
    request.request_hash = co_await sha256_hex(call.context(), asked);
  }
  if (operation.takes_user_id_header) {
    if (const auto id = json::string_at(body, "user_id")) {
      request.claimed_user_id = text::normalize_uuid(*id).value_or("");
    }
    co_await check_claimed_user(request.claimed_user_id, caller);
  }
  co_return request;
}

turn::Telling telling_of(Call& call, const Caller& caller, std::string_view stream_id,
                         std::uint64_t offset_bytes) {
  return {.stream_id = stream_id,
          .new_guest_token = caller.new_guest_token,
          .request_id = call.log().request_id,
          .offset_bytes = offset_bytes};
}

// Replays the turn of an earlier request from the database.
Task<Result<void>> tell_again(Call& call, const Caller& caller, Conversation& conversation,
                              const turn::BegunTurn& turn, const RelayLimits& limits,
                              ChannelMaker& channels) {
  std::uint64_t known = turn.base_bytes;
  if (conversation.kind().is_resumed_by_repeating) known = co_await known_bytes(call);
  const auto framing = channels.make_framing(conversation.protocol(),
                                             telling_of(call, caller, turn.stream_id, known));
  const auto channel = channels.make_channel(call, conversation.protocol(), *framing, limits);
  http::Headers headers;
  headers.add("idempotent-replayed", "true");
  co_await follow_turn(call, caller, {turn::TurnKey::Kind::generation_id, turn.generation_id},
                       known, *channel, std::move(headers));
  co_return {};
}

Result<AnswerForm> answer_form(const turn::Protocol& protocol, std::optional<AnswerForm> form,
                               std::optional<std::string_view> accept) {
  if (!form) return choose_answer_form(protocol, accept);
  const auto type = *form == AnswerForm::whole ? protocol.whole_type : protocol.stream_type;
  if (auto taken = http::require_acceptable(accept, type); !taken) {
    return tl::unexpected(std::move(taken.error()));
  }
  return *form;
}

Task<Result<void>> answer_request(Call& call, const Match& match, Conversation& conversation,
                                  turn::Action action, std::optional<AnswerForm> form) {
  const auto& headers = call.head().headers;
  co_await http::require_json(headers.find("content-type"));
  HttpChannels channels(
      co_await answer_form(conversation.protocol(), form, headers.find("accept")));
  Caller caller = co_await identify_for(call, *match.route.operation);
  json::Document body;
  TurnRequest request = co_await read_request(call, match, caller, conversation, action, body);
  co_await run_turn(call, caller, conversation, std::move(body), request, channels);
  co_return {};
}

Task<Result<void>> tell_rest(Call& call, const Match& match, const turn::Protocol& protocol) {
  const auto& headers = call.head().headers;
  HttpChannels channels(co_await choose_answer_form(protocol, headers.find("accept")));
  const Caller caller = co_await identify_known(call.context(), call.settings(), headers);
  std::string checked;
  co_await api::append_path_ids(checked, match.captures);
  const auto known = co_await known_bytes(call);
  const std::string_view stream_id = match.captures.front().value;
  const auto framing = channels.make_framing(protocol, telling_of(call, caller, stream_id, known));
  const auto channel =
      channels.make_channel(call, protocol, *framing, read_turn_limits(call).relay);
  co_await follow_turn(call, caller, {turn::TurnKey::Kind::stream_id, stream_id}, known, *channel,
                       {});
  co_return {};
}

// Refuses, in the protocol's format, a request for which no turn exists.
Task<Result<void>> refuse_as(const turn::Protocol& protocol, Call& call,
                             const Result<void>& served) {
  if (served || call.is_started()) co_return served;
  co_await refuse_over_http(call, protocol, served.error());
  co_return {};
}

}  // namespace

Task<Result<Answering>> Conversation::before_turn(Call&, const Caller&, const json::Document&,
                                                  const TurnLimits&, TurnRequest&) {
  co_return Answering{};
}

Task<Result<void>> Conversation::after_begin(Call&, const Caller&, const turn::BegunTurn&,
                                             const TurnLimits&, TurnRequest&, Answering&) {
  co_return {};
}

Task<Result<void>> run_turn(Call& call, const Caller& caller, Conversation& conversation,
                            json::Document&& body, TurnRequest& request, ChannelMaker& channels) {
  const auto& kind = conversation.kind();
  const auto limits = read_turn_limits(call);
  Answering answering = co_await conversation.before_turn(call, caller, body, limits, request);
  body = json::Document();
  request.call_id = make_call_id(call.context());
  auto begun =
      co_await runtime::attempt(begin_turn(call, caller, request, answering.endpoints, limits));
  if (!begun && begun.error().code == ErrorCode::database_unavailable) {
    // The turn may have begun, or may still begin. The caller need not wait until that is clear.
    co_await channels.refuse(call, conversation.protocol(), begun.error());
    co_await withdraw_turn(call, request.call_id);
    co_return {};
  }
  turn::BegunTurn turn = co_await std::move(begun);
  if (turn.is_replayed) {
    co_await tell_again(call, caller, conversation, turn, limits.relay, channels);
    co_return {};
  }
  auto settled = co_await runtime::attempt(
      conversation.after_begin(call, caller, turn, limits, request, answering));
  if (settled && request.chosen.model.empty()) prefer_own_model(call, turn, answering);
  if (!settled && !kind.tells_missing_model_in_stream) {
    co_await abandon_turn(call, turn, answering.endpoints, settled.error());
    co_return tl::unexpected(std::move(settled.error()));
  }
  const auto framing = channels.make_framing(
      conversation.protocol(), telling_of(call, caller, turn.stream_id, turn.base_bytes));
  const auto channel = channels.make_channel(call, conversation.protocol(), *framing, limits.relay);
  if (!settled) {
    co_await fail_turn(call, caller, turn, std::move(settled.error()), *channel);
    co_return {};
  }
  co_await answer_turn(call, caller, turn, request, answering, limits, *channel,
                       {conversation.offered_tools(), conversation.tools()});
  co_return {};
}

Task<Result<void>> serve_turn(Call& call, const Match& match, Conversation& conversation,
                              turn::Action action, std::optional<AnswerForm> form) {
  const auto served =
      co_await runtime::attempt(answer_request(call, match, conversation, action, form));
  co_await refuse_as(conversation.protocol(), call, served);
  co_return {};
}

Task<Result<void>> serve_resume(Call& call, const Match& match, const turn::Kind& kind) {
  const auto served = co_await runtime::attempt(tell_rest(call, match, *kind.protocol));
  co_await refuse_as(*kind.protocol, call, served);
  co_return {};
}

}  // namespace fabula::engine
