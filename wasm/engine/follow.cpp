#include "wasm/engine/follow.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "shared/api/endpoints/stream_control.hpp"
#include "shared/database/turn.hpp"
#include "shared/text/integer.hpp"
#include "shared/turn/event.hpp"
#include "shared/turn/finish_reason.hpp"
#include "shared/turn/stored.hpp"
#include "wasm/engine/turn.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

Task<Result<turn::StoredTurn>> look(Call& call, const Caller& caller, turn::TurnKey key,
                                    std::uint64_t after_bytes) {
  return call_function(call.context(), call.database(), database::kReadTurn,
                       {caller.principal, key, after_bytes});
}

// The request that began the turn has withdrawn it, or a retry has begun it again.
Problem taken_back() {
  return {ErrorCode::interrupted, "This reply was taken back unsaid. Send the message again.",
          "the turn that was followed is gone"};
}

std::uint32_t silence_gap_ms(const turn::StoredTurn& stored) {
  constexpr std::int64_t kMarginMs = 50;
  constexpr std::int64_t kLongestMs = 60'000;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(stored.silent_in_ms.value_or(kLongestMs), 0, kLongestMs) +
      kMarginMs);
}

// `told_bytes`: bytes of the reply that the client has. Not all text that was sent earlier may be
// stored.
void tell_end(Channel& channel, const turn::StoredTurn& stored, std::uint64_t told_bytes) {
  const auto problem = turn::problem_of_ended(stored);
  const auto reason = turn::finish_reason_told(stored.status, stored.finish_reason);
  const bool is_complete = stored.status == turn::name(turn::Status::complete);
  if (is_complete || !stored.message_id.empty()) {
    channel.tell(turn::event::Stored{stored.turn, stored.message_id, stored.provider, stored.model,
                                     stored.usage, reason, stored.dossier});
  }
  if (problem) {
    std::optional<std::uint64_t> stored_bytes;
    if (stored.saved_bytes < told_bytes) stored_bytes = stored.saved_bytes;
    channel.tell(turn::event::Failed{*problem, stored_bytes, stored.turn.user_message_id});
  } else {
    channel.tell(turn::event::Finished{reason});
  }
}

}  // namespace

Result<std::uint64_t> known_bytes(const Call& call) {
  const auto& query = call.url().query;
  const auto is_after = [](const http::QueryParameter& parameter) {
    return parameter.name == "after";
  };
  if (std::count_if(query.begin(), query.end(), is_after) > 1) {
    return problem(ErrorCode::invalid_request, "Send after once.");
  }
  // The query's `after` takes precedence over Last-Event-ID, but both must be valid.
  std::uint64_t known_bytes = 0;
  for (const auto& said :
       {call.head().headers.find("last-event-id"), call.url().query_value("after")}) {
    if (!said || said->empty()) continue;
    const auto bytes = text::parse_natural(*said);
    if (!bytes || *bytes > std::uint64_t{api::kMaximumKnownBytes}) {
      return problem(ErrorCode::invalid_request,
                     "after and Last-Event-ID are the last event's id: a number of bytes.");
    }
    known_bytes = *bytes;
  }
  return known_bytes;
}

Task<Result<void>> follow_turn(Call& call, const Caller& caller, turn::TurnKey key,
                               std::uint64_t after_bytes, Channel& channel, http::Headers&& headers,
                               FollowPace pace) {
  Context& context = call.context();
  auto stored = co_await look(call, caller, key, after_bytes);
  add_ids(headers, stored.turn, caller);
  auto& log = call.log();
  log.user_id = stored.turn.user_id;
  log.session_id = stored.turn.session_id;
  log.stream_id = stored.turn.stream_id;
  co_await channel.begin(std::move(headers));
  channel.tell(turn::event::Begun{stored.turn});
  call.log().outcome = "followed";

  std::uint32_t gap_ms = pace.first_gap_ms;
  for (int looks = 1;; ++looks) {
    channel.text(stored.text, runtime::now_ms(context));
    after_bytes += stored.text.size();
    if (stored.is_final) {
      tell_end(channel, stored, after_bytes);
    } else if (looks == pace.maximum_looks) {
      channel.tell(turn::event::ComeBack{});
    } else if (!channel.has_unsent()) {
      channel.tell(turn::event::Beat{});
    }
    const bool is_there = co_await send_all(context, channel);
    if (!is_there || stored.is_final || looks == pace.maximum_looks) break;
    // A dead writer is noticed as soon as it may be considered dead.
    co_await runtime::Timer(context, std::min(gap_ms, silence_gap_ms(stored)));
    gap_ms = std::min(gap_ms * 3 / 2, pace.longest_gap_ms);
    auto next = co_await runtime::attempt(look(call, caller, key, after_bytes));
    // The reply stays in the database even if this read fails: the next one may succeed.
    stored.text.clear();
    if (next) {
      stored = std::move(*next);
    } else if (next.error().code == ErrorCode::not_found) {
      channel.tell(turn::event::Failed{taken_back()});
      co_await send_all(context, channel);
      break;
    }
  }
  co_await channel.end();
  co_return {};
}

}  // namespace fabula::engine
