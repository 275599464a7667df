#include "shared/jobs/rows.hpp"

#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/json/text.hpp"

namespace fabula::jobs {
namespace {

void write_lease(json::Writer& writer, const ClaimedJob& job) {
  writer.begin_object();
  writer.key("task_id").string(job.task_id);
  writer.key("lease_token").string(job.lease_token);
}

}  // namespace

std::string claim_job_request(std::span<const std::string_view> kinds, std::int64_t lease_seconds) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("kinds").begin_array();
  for (const auto kind : kinds) writer.string(kind);
  writer.end_array().key("lease_seconds").integer(lease_seconds).end_object();
  return body;
}

Result<std::optional<ClaimedJob>> parse_claimed_job(std::string_view answer) {
  constexpr std::string_view kFunction = "claim_task";
  auto document = json::parse(answer);
  if (!document) return database::unexpected_answer(kFunction);
  const auto* work = json::find(*document, "task");
  if (!work) return database::unexpected_answer(kFunction);
  if (work->is_null()) return std::nullopt;
  const auto task_id = json::string_at(*work, "task_id");
  const auto lease_token = json::string_at(*work, "lease_token");
  const auto kind = json::string_at(*work, "kind");
  if (!task_id || !lease_token || !kind) return database::unexpected_answer(kFunction);
  ClaimedJob job{std::string(*task_id), std::string(*lease_token), std::string(*kind), {}};
  job.work = std::move((*document)["task"]);
  return job;
}

std::string commit_job_request(const ClaimedJob& job, std::string_view result_members,
                               const Worker& worker) {
  constexpr std::size_t kFrameBytes = 512;
  std::string body;
  body.reserve(kFrameBytes + result_members.size());
  json::Writer writer(body);
  write_lease(writer, job);
  writer.key("result").begin_object();
  writer.key("provider").string(worker.provider).key("model").string(worker.model);
  writer.key("attempts").integer(worker.attempts).key("usage");
  if (worker.usage) {
    writer.begin_object().key("input_tokens").integer(worker.usage->input_tokens);
    writer.key("output_tokens").integer(worker.usage->output_tokens).end_object();
  } else {
    writer.null();
  }
  if (!result_members.empty()) body.append(",").append(result_members);
  writer.end_object().end_object();
  return body;
}

std::string fail_job_request(const ClaimedJob& job, const Problem& problem) {
  std::string error(facts(problem.code).name);
  if (!problem.cause.empty()) error.append(": ").append(problem.cause);
  std::string body;
  json::Writer writer(body);
  write_lease(writer, job);
  writer.key("error").string(error);
  if (problem.retry_after_s > 0) {
    writer.key("retry_after_seconds").integer(problem.retry_after_s);
  }
  writer.end_object();
  return body;
}

}  // namespace fabula::jobs
