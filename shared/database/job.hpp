// The database's functions for work that is done after turns.
#pragma once

#include "shared/database/function.hpp"
#include "shared/jobs/rows.hpp"

namespace fabula::database {

// A model was asked for what these store, and a job that is done says so.
inline constexpr RetryPolicy kUntilStored{.attempts = 3, .first_pause_ms = 500};

// A job that was claimed by a call whose answer is lost waits for the end of its lease: who asks
// twice would have two.
inline constexpr Function<jobs::ClaimJob, jobs::Claimed> kClaimTask{
    {"claim_task", kNever}, &jobs::write_claim_job, &jobs::read_claimed};
inline constexpr Function<jobs::ClaimJob, jobs::Claimed> kClaimImportStep{
    {"claim_import_step", kNever}, &jobs::write_claim_job, &jobs::read_claimed};

inline constexpr Function<jobs::CommitJob, jobs::Committed> kCommitTask{
    {"commit_task", kUntilStored}, &jobs::write_commit_job, &jobs::read_committed};
inline constexpr Function<jobs::CommitJob, jobs::Committed> kCommitImportStep{
    {"commit_import_step", kUntilStored}, &jobs::write_commit_job, &jobs::read_committed};

inline constexpr Function<jobs::FailJob, NoAnswer> kFailTask{
    {"fail_task", kUntilStored}, &jobs::write_fail_job, &read_nothing};
inline constexpr Function<jobs::FailJob, NoAnswer> kFailImportStep{
    {"fail_import_step", kUntilStored}, &jobs::write_fail_job, &read_nothing};

}  // namespace fabula::database
