// The database's functions for durable work: jobs made of steps.
#pragma once

#include "shared/database/function.hpp"
#include "shared/jobs/step_rows.hpp"

namespace fabula::database {

// Retried until stored, because the results have cost a model call. Retries are safe: a step that
// has ended reports it, and a model call that is recorded twice is one row.
inline constexpr RetryPolicy kUntilStored{.attempts = 3, .first_pause_ms = 500};

// Not repeated: if the answer of a claim is lost, the step waits for the end of its lease, and a
// second call would claim another step.
inline constexpr Function<jobs::ClaimStep, jobs::Claimed> kClaimStep{
    {"claim_step", kNever}, &jobs::write_claim_step, &jobs::read_claimed};

inline constexpr Function<jobs::CommitStep, std::string> kCommitStep{
    {"commit_step", kUntilStored}, &jobs::write_commit_step, &jobs::read_committed};

inline constexpr Function<jobs::FailStep, NoAnswer> kFailStep{
    {"fail_step", kUntilStored}, &jobs::write_fail_step, &read_nothing};

inline constexpr Function<jobs::ReportStep, NoAnswer> kReportStep{
    {"report_step", kOnceMore}, &jobs::write_report_step, &read_nothing};

inline constexpr Function<jobs::RecordModelCalls, NoAnswer> kRecordModelCalls{
    {"record_model_calls", kUntilStored}, &jobs::write_record_model_calls, &read_nothing};

// The owner's operations on jobs; the endpoints pass the answers on (shared/api/envelope.hpp).
inline constexpr Declaration kStartJob{"start_job", kNever};
inline constexpr Declaration kReadJob{"read_job", kOnceMore};
inline constexpr Declaration kCancelJob{"cancel_job", kOnceMore};
inline constexpr Declaration kPauseJob{"pause_job", kOnceMore};
inline constexpr Declaration kResumeJob{"resume_job", kOnceMore};
inline constexpr Declaration kRetryStep{"retry_step", kNever};

}  // namespace fabula::database
