// The database's functions for turns (design section 5).
#pragma once

#include "shared/database/function.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/rows.hpp"
#include "shared/turn/stored.hpp"

namespace fabula::database {

// Not asked twice: a turn without an idempotency key would be two.
inline constexpr Function<turn::BeginTurn, turn::BegunTurn> kBeginTurn{
    {"begin_turn", kNever}, &turn::write_begin_turn, &turn::read_begun_turn};

// Made after the caller has been refused, so that it may take its time; it changes nothing twice.
// Longer than a database stands still for a moment: together with their pauses the attempts take
// more than a minute and a half.
inline constexpr Function<turn::WithdrawTurn, NoAnswer> kWithdrawTurn{
    {"withdraw_turn", {.attempts = 6, .first_pause_ms = 500}},
    &turn::write_withdraw_turn,
    &read_nothing};

// Text that did not arrive goes with the next save.
inline constexpr Function<turn::AppendChunk, turn::Appended> kAppendChunk{
    {"append_chunk", kNever}, &turn::write_append_chunk, &turn::read_appended};

// Only what is stored is told, so that it is worth some seconds; a turn that is stored already
// answers what it was.
inline constexpr Function<turn::FinishTurn, turn::Finished> kFinishTurn{
    {"finish_turn", {.attempts = 4, .first_pause_ms = 500}},
    &turn::write_finish_turn,
    &turn::read_finished};

// The same for who looks again and again at a turn that has ended.
inline constexpr Function<turn::FinishedTurn, turn::Finished> kLookAtFinishedTurn{
    {"finish_turn", kNever}, &turn::write_finished_turn, &turn::read_finished};

// Whoever follows a turn looks again in its own time.
inline constexpr Function<turn::ReadTurn, turn::StoredTurn> kReadTurn{
    {"read_turn", kNever}, &turn::write_read_turn, &turn::read_stored_turn};

}  // namespace fabula::database
