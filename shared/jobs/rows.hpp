// What a worker says to the database's claim_task, commit_task and fail_task, and what they answer
// (supabase/migrations). JSON text in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::jobs {

std::string claim_job_request(std::span<const std::string_view> kinds, std::int64_t lease_seconds);

struct ClaimedJob {
  std::string task_id;
  std::string lease_token;
  std::string kind;
  json::Document work;  // all that the database tells of it, with what its kind needs
};

// Nothing when there is nothing to do; internal_error when the answer is not what claim_task
// promises.
Result<std::optional<ClaimedJob>> parse_claimed_job(std::string_view answer);

// Who has done it, as it is kept with the job.
struct Worker {
  std::string_view provider;
  std::string_view model;
  std::optional<llm::Usage> usage;
  int attempts = 0;
};

// `result_members` is JSON text of the kind's own members of the result, such as `"summary":"..."`.
std::string commit_job_request(const ClaimedJob& job, std::string_view result_members,
                               const Worker& worker);

std::string fail_job_request(const ClaimedJob& job, const Problem& problem);

}  // namespace fabula::jobs
