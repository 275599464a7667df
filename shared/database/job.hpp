// The database's functions for work that is done after turns.
#pragma once

#include "shared/database/function.hpp"
#include "shared/tasks/rows.hpp"

namespace fabula::database {

// A model was asked for what these store, and a task that is done says so.
inline constexpr RetryPolicy kUntilStored{.attempts = 3, .first_pause_ms = 500};

// A task that was claimed by a call whose answer is lost waits for the end of its lease: who asks
// twice would have two.
inline constexpr Function<tasks::ClaimTask, tasks::Claimed> kClaimTask{
    {"claim_task", kNever}, &tasks::write_claim_task, &tasks::read_claimed};
inline constexpr Function<tasks::ClaimTask, tasks::Claimed> kClaimImportStep{
    {"claim_import_step", kNever}, &tasks::write_claim_task, &tasks::read_claimed};

inline constexpr Function<tasks::CommitTask, tasks::Committed> kCommitTask{
    {"commit_task", kUntilStored}, &tasks::write_commit_task, &tasks::read_committed};
inline constexpr Function<tasks::CommitTask, tasks::Committed> kCommitImportStep{
    {"commit_import_step", kUntilStored}, &tasks::write_commit_task, &tasks::read_committed};

inline constexpr Function<tasks::FailTask, NoAnswer> kFailTask{
    {"fail_task", kUntilStored}, &tasks::write_fail_task, &read_nothing};
inline constexpr Function<tasks::FailTask, NoAnswer> kFailImportStep{
    {"fail_import_step", kUntilStored}, &tasks::write_fail_task, &read_nothing};

}  // namespace fabula::database
