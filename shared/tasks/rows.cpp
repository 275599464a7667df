#include "shared/tasks/rows.hpp"

#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/json/text.hpp"

namespace fabula::tasks {
namespace {

void write_lease(json::Writer& writer, const ClaimedTask& task) {
  writer.begin_object();
  writer.key("task_id").string(task.task_id);
  writer.key("lease_token").string(task.lease_token);
}

}  // namespace

std::string claim_task_request(std::span<const std::string_view> kinds,
                               std::int64_t lease_seconds) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("kinds").begin_array();
  for (const auto kind : kinds) writer.string(kind);
  writer.end_array().key("lease_seconds").integer(lease_seconds).end_object();
  return body;
}

Result<std::optional<ClaimedTask>> parse_claimed_task(std::string_view answer) {
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
  ClaimedTask task{std::string(*task_id), std::string(*lease_token), std::string(*kind), {}};
  task.work = std::move((*document)["task"]);
  return task;
}

std::string commit_task_request(const ClaimedTask& task, std::string_view result_members,
                                const Worker& worker) {
  constexpr std::size_t kFrameBytes = 512;
  std::string body;
  body.reserve(kFrameBytes + result_members.size());
  json::Writer writer(body);
  write_lease(writer, task);
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

std::string fail_task_request(const ClaimedTask& task, const Problem& problem) {
  std::string error(facts(problem.code).name);
  if (!problem.cause.empty()) error.append(": ").append(problem.cause);
  std::string body;
  json::Writer writer(body);
  write_lease(writer, task);
  writer.key("error").string(error);
  if (problem.retry_after_s > 0) {
    writer.key("retry_after_seconds").integer(problem.retry_after_s);
  }
  writer.end_object();
  return body;
}

}  // namespace fabula::tasks
