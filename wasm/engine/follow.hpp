// Sends a turn of another request from the database: the text so far, then additions until the
// reply ends. Any isolate can do it.
#pragma once

#include <cstdint>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/stored.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// How many bytes of a stream the caller already has: the query's `after`, else the header
// Last-Event-ID; nothing without them. invalid_request when the value is not a number.
Result<std::uint64_t> known_bytes(const Call& call);

// How often the row is read: first after `first_gap_ms`, then after gaps that grow to the longest.
struct FollowPace {
  // Platforms limit the subrequests of one request (50 on Cloudflare's free plan); a client that
  // reconnects makes a new request.
  int maximum_looks = 20;
  std::uint32_t first_gap_ms = 250;
  std::uint32_t longest_gap_ms = 4000;
};

// Sends the reply's text beyond `after_bytes` through the channel, with these headers and the ids.
// The row is read again at this pace, a limited number of times; then the stream ends and asks the
// client to reconnect. A client that leaves does not affect the turn. not_found when the caller has
// no such turn.
runtime::Task<Result<void>> follow_turn(Call& call, const Caller& caller, turn::TurnKey key,
                                        std::uint64_t after_bytes, Channel& channel,
                                        http::Headers&& headers, FollowPace pace = {});

}  // namespace fabula::engine
