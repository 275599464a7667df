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

std::string claim_step_request(std::span<const std::string_view> kinds, std::int64_t lease_seconds,
                               const StepFilter& filter = {});

struct ClaimedStep {
  std::string job_id;
  std::int64_t step = 0;  // from 1 on
  std::string lease_token;
  std::string kind;
  json::Document work;  // all that the database tells of it, with what its kind needs
};

// Nothing when there is nothing to do; internal_error when the answer is not what claim_step
// promises.
Result<std::optional<ClaimedStep>> parse_claimed_step(std::string_view answer);

// What a step has come to, beside what its kind stores.
struct StepProgress {
  std::optional<int> percent = {};      // of the whole job
  std::string_view message = {};        // for whoever waits
  std::string_view next_steps = {};     // a JSON array of payloads: steps that follow
  std::string_view generation_id = {};  // report_step: the text that the step makes
};

// `result_members` is JSON text of the kind's own members of the result, such as `"summary":"..."`.
std::string commit_step_request(const ClaimedStep& step, std::string_view result_members,
                                std::span<const usage::ModelCall> calls,
                                const StepProgress& progress = {});

std::string fail_step_request(const ClaimedStep& step, const Problem& problem,
                              std::span<const usage::ModelCall> calls);

std::string report_step_request(const ClaimedStep& step, std::int64_t lease_seconds,
                                const StepProgress& progress);

// For calls whose step has gone to somebody else meanwhile.
std::string record_model_calls_request(const ClaimedStep& step,
                                       std::span<const usage::ModelCall> calls);

}  // namespace fabula::jobs
