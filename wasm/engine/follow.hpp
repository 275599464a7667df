// Tells a turn that another request began, from what the database has of it: the text so far, then
// what is added, until the reply ends. Any isolate can do it.
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

// How much of a stream the caller knows already: the query's `after`, else the header
// Last-Event-ID; nothing without them. invalid_request when it is no number.
Result<std::uint64_t> known_bytes(const Call& call);

// Tells the reply's text beyond `after_bytes` by the channel, whose answer has these headers and
// the ids. The row is looked at again with growing gaps, a bounded number of times; then the stream
// ends with the advice to come back. A client that leaves changes nothing for the turn. not_found
// when the caller has no such turn.
runtime::Task<Result<void>> follow_turn(Call& call, const Caller& caller, turn::TurnKey key,
                                        std::uint64_t after_bytes, Channel& channel,
                                        http::Headers&& headers);

}  // namespace fabula::engine
