// The requests of the database's claim_step, commit_step, fail_step, report_step and
// record_model_calls, and the answer of claim_step (supabase/schemas/jobs). Reads and writes JSON
// text.
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

// Further limits, besides the kind, on the steps that may be claimed; empty: any.
struct StepFilter {
  std::string_view job_id = {};
  std::string_view session_id = {};
  // Claims only a step that was never tried, of a job without a worker: for a request that waits
  // for the job and should not interfere where a worker is busy or has failed.
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
  std::int64_t step = 0;  // from 1
  std::string lease_token;
  std::string kind;
  json::Document work;  // the work from the database, including the data that its kind needs
};

struct Claimed {
  std::optional<ClaimedStep> step;  // nothing when no step is ready
};

std::optional<Claimed> read_claimed(std::string answer);

// Progress of a step, in addition to its kind's result.
struct StepProgress {
  std::optional<int> percent = {};      // of the whole job
  std::string_view message = {};        // shown to those who wait for the job
  std::string_view next_steps = {};     // a JSON array of the following steps' payloads
  std::string_view generation_id = {};  // report_step: the reply that the step writes
};

struct CommitStep {
  const ClaimedStep& step;
  std::string_view result_json = "{}";  // an object in its kind's format
  std::span<const usage::ModelCall> calls = {};
  StepProgress progress = {};
};

void write_commit_step(std::string& out, const CommitStep& request);

// The answer's text, which the kind reads.
inline std::optional<std::string> read_committed(std::string answer) { return answer; }

struct FailStep {
  const ClaimedStep& step;
  const Problem& problem;
  bool is_final = false;  // another attempt cannot help
  std::span<const usage::ModelCall> calls = {};
};

void write_fail_step(std::string& out, const FailStep& request);

struct ReportStep {
  const ClaimedStep& step;
  std::int64_t lease_seconds = 0;
  StepProgress progress = {};
};

void write_report_step(std::string& out, const ReportStep& request);

// Records calls for a step that another worker has taken over.
struct RecordModelCalls {
  const ClaimedStep& step;
  std::span<const usage::ModelCall> calls;
};

void write_record_model_calls(std::string& out, const RecordModelCalls& request);

}  // namespace fabula::jobs
