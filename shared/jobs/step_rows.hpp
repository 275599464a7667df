// What a worker says to the database's claim_step, commit_step, fail_step, report_step and
// record_model_calls, and what claim_step answers (supabase/schemas/jobs). JSON text in, values
// out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/usage/model_call.hpp"

namespace fabula::jobs {

// Which steps a worker may be given besides those of its kinds; empty: any.
struct StepFilter {
  std::string_view job_id = {};
  std::string_view session_id = {};
  // Only a step that was never tried, of a job that nobody works on: for who waits for it, and
  // would only be in the way otherwise.
  bool is_idle = false;
};

struct ClaimStep {
  std::span<const std::string_view> kinds;
  std::int64_t lease_seconds = 0;
  StepFilter filter = {};
};

void write_claim_step(std::string& out, const ClaimStep& request);

struct ClaimedStep {
  std::string job_id;
  std::int64_t step = 0;  // from 1 on
  std::string lease_token;
  std::string kind;
  json::Document work;  // all that the database tells of it, with what its kind needs
};

struct Claimed {
  std::optional<ClaimedStep> step;  // nothing when there is nothing to do
};

std::optional<Claimed> read_claimed(std::string answer);

// What a step has come to, beside what its kind stores.
struct StepProgress {
  std::optional<int> percent = {};      // of the whole job
  std::string_view message = {};        // for whoever waits
  std::string_view next_steps = {};     // a JSON array of payloads: steps that follow
  std::string_view generation_id = {};  // report_step: the text that the step makes
};

struct CommitStep {
  const ClaimedStep& step;
  std::string_view result_json = "{}";  // an object, which is its kind's
  std::span<const usage::ModelCall> calls = {};
  StepProgress progress = {};
};

void write_commit_step(std::string& out, const CommitStep& request);

// The answer's text: what is in it is its kind's.
inline std::optional<std::string> read_committed(std::string answer) { return answer; }

struct FailStep {
  const ClaimedStep& step;
  const Problem& problem;
  std::span<const usage::ModelCall> calls = {};
};

void write_fail_step(std::string& out, const FailStep& request);

struct ReportStep {
  const ClaimedStep& step;
  std::int64_t lease_seconds = 0;
  StepProgress progress = {};
};

void write_report_step(std::string& out, const ReportStep& request);

// For calls whose step has gone to somebody else meanwhile.
struct RecordModelCalls {
  const ClaimedStep& step;
  std::span<const usage::ModelCall> calls;
};

void write_record_model_calls(std::string& out, const RecordModelCalls& request);

}  // namespace fabula::jobs
