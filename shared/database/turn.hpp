// The database's functions for turns (design section 5).
#pragma once

#include "shared/database/function.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/rows.hpp"
#include "shared/turn/stored.hpp"

namespace fabula::database {

// Never repeated: a turn without an idempotency key would begin twice.
inline constexpr Function<turn::BeginTurn, turn::BegunTurn> kBeginTurn{
    {"begin_turn", kNever}, &turn::write_begin_turn, &turn::read_begun_turn};

// Called after the caller has been refused, so it may take its time; it is idempotent. The attempts
// and their pauses last more than a minute and a half, longer than a database is usually stopped.
inline constexpr Function<turn::WithdrawTurn, NoAnswer> kWithdrawTurn{
    {"withdraw_turn", {.attempts = 6, .first_pause_ms = 500}},
    &turn::write_withdraw_turn,
    &read_nothing};

// Text that did not arrive goes with the next save.
inline constexpr Function<turn::AppendChunk, turn::Appended> kAppendChunk{
    {"append_chunk", kNever}, &turn::write_append_chunk, &turn::read_appended};

// The client is told only what is stored, so the call is worth some seconds. It is idempotent: for
// a turn that is stored already it returns what was stored.
inline constexpr Function<turn::FinishTurn, turn::Finished> kFinishTurn{
    {"finish_turn", {.attempts = 4, .first_pause_ms = 500}},
    &turn::write_finish_turn,
    &turn::read_finished};

// The same for polling a turn that has ended.
inline constexpr Function<turn::FinishedTurn, turn::Finished> kLookAtFinishedTurn{
    {"finish_turn", kNever}, &turn::write_finished_turn, &turn::read_finished};

// A follower polls at its own intervals.
inline constexpr Function<turn::ReadTurn, turn::StoredTurn> kReadTurn{
    {"read_turn", kNever}, &turn::write_read_turn, &turn::read_stored_turn};

}  // namespace fabula::database
