// The database's functions for turns (design section 5).
#pragma once

#include "shared/database/function.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/rows.hpp"
#include "shared/turn/stored.hpp"

namespace fabula::database {

// Never retried: a turn without an idempotency key would begin twice.
inline constexpr Function<turn::BeginTurn, turn::BegunTurn> kBeginTurn{
    {"begin_turn", kNever}, &turn::write_begin_turn, &turn::read_begun_turn};

// Changes nothing, whatever the answer is.
inline constexpr Function<turn::BeginTurn, NoAnswer> kAdmitTurn{
    {"admit_turn", kOnceMore}, &turn::write_begin_turn, &read_nothing};

// The caller has been refused before this call, so it may take long; it is idempotent. The attempts
// and their pauses last more than a minute and a half, longer than most restarts of a database.
inline constexpr Function<turn::WithdrawTurn, NoAnswer> kWithdrawTurn{
    {"withdraw_turn", {.attempts = 6, .first_pause_ms = 500}},
    &turn::write_withdraw_turn,
    &read_nothing};

// Not retried: the next save includes text that did not arrive.
inline constexpr Function<turn::AppendChunk, turn::Appended> kAppendChunk{
    {"append_chunk", kNever}, &turn::write_append_chunk, &turn::read_appended};

// The client learns only what is stored, so this call may take some seconds. It is idempotent: for
// a turn that is stored already it returns the stored data.
inline constexpr Function<turn::FinishTurn, turn::Finished> kFinishTurn{
    {"finish_turn", {.attempts = 4, .first_pause_ms = 500}},
    &turn::write_finish_turn,
    &turn::read_finished};

// The same function, for polling a turn that has ended.
inline constexpr Function<turn::FinishedTurn, turn::Finished> kLookAtFinishedTurn{
    {"finish_turn", kNever}, &turn::write_finished_turn, &turn::read_finished};

// Not retried: a follower polls at its own intervals.
inline constexpr Function<turn::ReadTurn, turn::StoredTurn> kReadTurn{
    {"read_turn", kNever}, &turn::write_read_turn, &turn::read_stored_turn};

}  // namespace fabula::database
