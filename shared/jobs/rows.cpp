#include "shared/jobs/rows.hpp"

#include <utility>

#include "shared/json/raw_object.hpp"
#include "shared/json/text.hpp"

namespace fabula::jobs {
namespace {

void write_lease(json::Writer& writer, const ClaimedJob& job) {
  writer.begin_object();
  writer.key("task_id").string(job.task_id);
  writer.key("lease_token").string(job.lease_token);
}

}  // namespace

void write_claim_job(std::string& out, const ClaimJob& request) {
  json::Writer writer(out);
  writer.begin_object().key("kinds").begin_array();
  for (const auto kind : request.kinds) writer.string(kind);
  writer.end_array().key("lease_seconds").integer(request.lease_seconds).end_object();
}

std::optional<Claimed> read_claimed(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto* work = json::find(*document, "task");
  if (!work) return std::nullopt;
  if (work->is_null()) return Claimed{};
  const auto task_id = json::string_at(*work, "task_id");
  const auto lease_token = json::string_at(*work, "lease_token");
  const auto kind = json::string_at(*work, "kind");
  if (!task_id || !lease_token || !kind) return std::nullopt;
  ClaimedJob job{std::string(*task_id), std::string(*lease_token), std::string(*kind), {}};
  job.work = std::move((*document)["task"]);
  return Claimed{std::move(job)};
}

void write_commit_job(std::string& out, const CommitJob& request) {
  const auto& worker = request.worker;
  json::Writer writer(out);
  write_lease(writer, request.job);
  writer.key("result").begin_object();
  writer.key("provider").string(worker.provider).key("model").string(worker.model);
  writer.key("attempts").integer(worker.attempts).key("usage");
  if (worker.usage) {
    writer.begin_object().key("input_tokens").integer(worker.usage->input_tokens);
    writer.key("output_tokens").integer(worker.usage->output_tokens).end_object();
  } else {
    writer.null();
  }
  if (!worker.prompt.empty()) writer.key("prompt").string(worker.prompt);
  if (!request.summary.empty()) writer.key("summary").string(request.summary);
  if (request.dossier) database::write_commit(writer, *request.dossier);
  if (request.proposals) {
    writer.key("proposals").begin_array();
    for (const auto& proposal : *request.proposals) writer.string(proposal);
    writer.end_array();
  }
  writer.end_object().end_object();
}

std::optional<Committed> read_committed(std::string answer) {
  const auto object = json::RawObject::read(answer, {"dossier"});
  if (!object) return std::nullopt;
  return Committed{database::read_tail(object->text("dossier"))};
}

void write_fail_job(std::string& out, const FailJob& request) {
  const auto& problem = request.problem;
  std::string error(facts(problem.code).name);
  if (!problem.cause.empty()) error.append(": ").append(problem.cause);
  json::Writer writer(out);
  write_lease(writer, request.job);
  writer.key("error").string(error);
  if (problem.retry_after_s > 0) {
    writer.key("retry_after_seconds").integer(problem.retry_after_s);
  }
  writer.end_object();
}

}  // namespace fabula::jobs
