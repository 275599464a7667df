#include "shared/jobs/step_rows.hpp"

#include <utility>

#include "shared/database/rpc.hpp"
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

std::string claim_step_request(std::span<const std::string_view> kinds, std::int64_t lease_seconds,
                               const StepFilter& filter) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("kinds").begin_array();
  for (const auto kind : kinds) writer.string(kind);
  writer.end_array().key("lease_seconds").integer(lease_seconds);
  if (!filter.job_id.empty()) writer.key("job_id").string(filter.job_id);
  if (!filter.session_id.empty()) writer.key("session_id").string(filter.session_id);
  if (filter.is_idle) writer.key("is_idle").boolean(true);
  writer.end_object();
  return body;
}

Result<std::optional<ClaimedStep>> parse_claimed_step(std::string_view answer) {
  constexpr std::string_view kClaimFunction = "claim_step";
  auto document = json::parse(answer);
  if (!document) return database::unexpected_answer(kClaimFunction);
  const auto* work = json::find(*document, "step");
  if (!work) return database::unexpected_answer(kClaimFunction);
  if (work->is_null()) return std::nullopt;
  const auto job_id = json::string_at(*work, "job_id");
  const auto number = json::integer_at(*work, "step");
  const auto lease_token = json::string_at(*work, "lease_token");
  const auto kind = json::string_at(*work, "kind");
  if (!job_id || !number || !lease_token || !kind) return database::unexpected_answer(kClaimFunction);
  ClaimedStep step{
      std::string(*job_id), *number, std::string(*lease_token), std::string(*kind), {}};
  step.work = std::move((*document)["step"]);
  return step;
}

std::string commit_step_request(const ClaimedStep& step, std::string_view result_members,
                                std::span<const usage::ModelCall> calls,
                                const StepProgress& progress) {
  constexpr std::size_t kFrameBytes = 1024;
  std::string body;
  body.reserve(kFrameBytes + result_members.size());
  json::Writer writer(body);
  write_lease(writer, step);
  write_calls(writer, calls);
  write_progress(writer, progress);
  writer.key("result").begin_object();
  body.append(result_members);
  writer.end_object().end_object();
  return body;
}

std::string fail_step_request(const ClaimedStep& step, const Problem& problem,
                              std::span<const usage::ModelCall> calls) {
  std::string error(facts(problem.code).name);
  if (!problem.cause.empty()) error.append(": ").append(problem.cause);
  std::string body;
  json::Writer writer(body);
  write_lease(writer, step);
  writer.key("error").string(error);
  if (problem.retry_after_s > 0) {
    writer.key("retry_after_seconds").integer(problem.retry_after_s);
  }
  write_calls(writer, calls);
  writer.end_object();
  return body;
}

std::string report_step_request(const ClaimedStep& step, std::int64_t lease_seconds,
                                const StepProgress& progress) {
  std::string body;
  json::Writer writer(body);
  write_lease(writer, step);
  writer.key("lease_seconds").integer(lease_seconds);
  write_progress(writer, progress);
  writer.end_object();
  return body;
}

std::string record_model_calls_request(const ClaimedStep& step,
                                       std::span<const usage::ModelCall> calls) {
  std::string body;
  json::Writer writer(body);
  write_lease(writer, step);
  writer.key("kind").string(step.kind);
  for (const std::string_view key : {"user_id", "project_id"}) {
    if (const auto id = json::string_at(step.work, key)) writer.key(key).string(*id);
  }
  write_calls(writer, calls);
  writer.end_object();
  return body;
}

}  // namespace fabula::jobs
