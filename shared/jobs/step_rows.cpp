#include "shared/jobs/step_rows.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::jobs {
namespace {

void write_lease(json::Writer& writer, const ClaimedStep& step) {
  writer.begin_object();
  writer.key("job_id").string(step.job_id);
  writer.key("step").integer(step.step);
  writer.key("lease_token").string(step.lease_token);
}

void write_calls(json::Writer& writer, std::span<const usage::ModelCall> calls) {
  if (calls.empty()) return;
  std::string text;
  usage::append_model_calls(text, calls);
  writer.key("calls").raw(text);
}

void write_progress(json::Writer& writer, const StepProgress& progress) {
  if (progress.percent) writer.key("progress").integer(*progress.percent);
  if (!progress.message.empty()) writer.key("message").string(progress.message);
  if (!progress.next_steps.empty()) writer.key("next_steps").raw(progress.next_steps);
  if (!progress.generation_id.empty()) writer.key("generation_id").string(progress.generation_id);
}

}  // namespace

void write_claim_step(std::string& out, const ClaimStep& request) {
  json::Writer writer(out);
  writer.begin_object().key("kinds").begin_array();
  for (const auto kind : request.kinds) writer.string(kind);
  writer.end_array().key("lease_seconds").integer(request.lease_seconds);
  const auto& filter = request.filter;
  if (!filter.job_id.empty()) writer.key("job_id").string(filter.job_id);
  if (!filter.session_id.empty()) writer.key("session_id").string(filter.session_id);
  if (filter.is_idle) writer.key("is_idle").boolean(true);
  writer.end_object();
}

std::optional<Claimed> read_claimed(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto* work = json::find(*document, "step");
  if (!work) return std::nullopt;
  if (work->is_null()) return Claimed{};
  const auto job_id = json::string_at(*work, "job_id");
  const auto number = json::integer_at(*work, "step");
  const auto lease_token = json::string_at(*work, "lease_token");
  const auto kind = json::string_at(*work, "kind");
  if (!job_id || !number || !lease_token || !kind) return std::nullopt;
  ClaimedStep step{
      std::string(*job_id), *number, std::string(*lease_token), std::string(*kind), {}};
  step.work = std::move((*document)["step"]);
  return Claimed{std::move(step)};
}

void write_commit_step(std::string& out, const CommitStep& request) {
  constexpr std::size_t kFrameBytes = 1024;
  out.reserve(out.size() + kFrameBytes + request.result_json.size());
  json::Writer writer(out);
  write_lease(writer, request.step);
  write_calls(writer, request.calls);
  write_progress(writer, request.progress);
  writer.key("result").raw(request.result_json).end_object();
}

void write_fail_step(std::string& out, const FailStep& request) {
  const auto& problem = request.problem;
  // The job's owner sees this (private.told_failure); the cause is for logs.
  std::string error(facts(problem.code).name);
  error.append(": ").append(problem.detail);
  json::Writer writer(out);
  write_lease(writer, request.step);
  writer.key("error").string(error);
  if (problem.retry_after_s > 0) {
    writer.key("retry_after_seconds").integer(problem.retry_after_s);
  }
  if (request.is_final) writer.key("is_final").boolean(true);
  write_calls(writer, request.calls);
  writer.end_object();
}

void write_report_step(std::string& out, const ReportStep& request) {
  json::Writer writer(out);
  write_lease(writer, request.step);
  writer.key("lease_seconds").integer(request.lease_seconds);
  write_progress(writer, request.progress);
  writer.end_object();
}

void write_record_model_calls(std::string& out, const RecordModelCalls& request) {
  const auto& step = request.step;
  json::Writer writer(out);
  write_lease(writer, step);
  writer.key("kind").string(step.kind);
  for (const std::string_view key : {"user_id", "project_id"}) {
    if (const auto id = json::string_at(step.work, key)) writer.key(key).string(*id);
  }
  write_calls(writer, request.calls);
  writer.end_object();
}

}  // namespace fabula::jobs
