#include "wasm/engine/socket/socket_turn.hpp"

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "wasm/engine/digest.hpp"
#include "wasm/engine/follow.hpp"
#include "wasm/engine/socket/limits.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Reads head and settings of the handshake again, so that each reply has its own clock and log.
Result<void> open_call(Call& call, const SocketSide& side) {
  auto opened = call.read_head();
  if (opened) opened = call.read_settings();
  call.log().request_id = side.call.log().request_id;
  call.log().conversation_id = side.call.log().conversation_id;
  return opened;
}

constexpr FollowPace kPace{.maximum_looks = std::numeric_limits<int>::max(),
                           .first_gap_ms = socket_limits::kFollowGapMs,
                           .longest_gap_ms = socket_limits::kFollowGapMs};

Task<Result<void>> follow(Call& call, const SocketSide& side, std::string_view generation_id,
                          SocketReply& reply, std::uint64_t known_bytes) {
  reply.is_to_be_followed = false;
  const auto framing = side.protocol.framing({reply.id, known_bytes});
  reply.told_bytes = known_bytes;
  SocketChannel channel(side.connection, *framing, reply, read_turn_limits(call).relay.coalesce_ms);
  co_await follow_turn(call, side.caller, {turn::TurnKey::Kind::generation_id, generation_id},
                       known_bytes, channel, {}, kPace);
  co_return {};
}

Task<Result<void>> run(Call& call, const SocketSide& side, Conversation& conversation,
                       TurnRequest& request, SocketReply& reply) {
  // A dropped connection does not stop the reply.
  request.detach = true;
  SocketChannels channels(side.connection, side.protocol, reply);
  co_await run_turn(call, side.caller, conversation, json::Document(), request, channels);
  // Another connection began the turn before, and it is still running.
  if (reply.is_to_be_followed && !side.connection.is_closed()) {
    co_await follow(call, side, reply.generation_id, reply, reply.told_bytes);
  }
  co_return {};
}

Task<Result<void>> say(Call& call, const SocketSide& side, const turn::said::Message& message,
                       SocketReply& reply) {
  co_await open_call(call, side);
  const auto conversation = side.partner.make_conversation();
  TurnRequest request = co_await side.partner.request(call, conversation->kind(), message);
  co_await run(call, side, *conversation, request, reply);
  co_return {};
}

Task<Result<void>> go_on(Call& call, const SocketSide& side, const BrokenReply& broken,
                         SocketReply& reply) {
  co_await open_call(call, side);
  const auto conversation = side.partner.make_conversation();
  TurnRequest request{.kind = &conversation->kind(),
                      .action = broken.is_unsaid ? turn::Action::regenerate : turn::Action::go_on,
                      .message_id = broken.message_id};
  // Another turn may have followed since it was seen.
  request.if_newest = true;
  // Two connections of one conversation may both see that the reply has broken off.
  request.idempotency_key = "go_on:" + broken.stream_id;
  request.request_hash = co_await sha256_hex(call.context(), request.idempotency_key);
  co_await run(call, side, *conversation, request, reply);
  co_return {};
}

void end(Call& call, const Result<void>& told, SocketReply& reply) {
  if (!told) {
    call.note_problem(told.error());
    reply.problem = told.error();
  }
  call.write_log("turn");
}

}  // namespace

Task<void> say_in_dialogue(SocketSide side, turn::said::Message message, SocketReply& reply) {
  Call call(side.call.context(), side.call.log().function);
  const auto told = co_await runtime::attempt(say(call, side, message, reply));
  end(call, told, reply);
}

Task<void> go_on_in_dialogue(SocketSide side, BrokenReply broken, SocketReply& reply) {
  Call call(side.call.context(), side.call.log().function);
  const auto told = co_await runtime::attempt(go_on(call, side, broken, reply));
  end(call, told, reply);
}

Task<void> follow_in_dialogue(SocketSide side, FollowedReply followed, SocketReply& reply) {
  Call call(side.call.context(), side.call.log().function);
  auto told = open_call(call, side);
  if (told) {
    told = co_await runtime::attempt(follow(call, side, followed.generation_id, reply, 0));
  }
  end(call, told, reply);
}

}  // namespace fabula::engine
