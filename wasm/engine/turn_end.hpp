// The end of a turn: the reply is stored, and only then the client learns how it ended.
#pragma once

#include <optional>

#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Stores `row` and ends the channel. `ending` is the problem that broke the reply off; it is empty
// for a complete or cancelled reply. If less is stored than was streamed, the client gets a
// retryable error with the number of stored bytes instead of a complete end. `awaited_jobs` as in
// TurnRequest.
runtime::Task<void> store_and_tell(Call& call, const turn::BegunTurn& turn, turn::FinishTurn row,
                                   std::optional<Problem> ending, Channel& channel,
                                   JobKinds awaited_jobs);

}  // namespace fabula::engine
