// The summary of a realtime session that has been left, from its events.
#include "generated/prompts.hpp"
#include "shared/database/job.hpp"
#include "shared/jobs/session_summary.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/kinds/summary_models.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::string_view kSessionWords = "150";

Task<Result<void>> summarise_session(JobStep& step) {
  const auto* messages = json::find(step.work(), "messages");
  if (!messages || !messages->is_array()) {
    co_return database::unexpected_answer(database::kClaimStep.name);
  }
  const auto instructions =
      prompts::filled(prompts::kRealtimeSummary, {{"maximum_words", kSessionWords}});
  const auto question = jobs::summary_question(
      json::string_at(step.work(), "previous_summary").value_or(""), *messages);
  const Completion answer =
      co_await step.complete({.system_prompt = instructions,
                              .user_text = question,
                              .maximum_output_tokens = kMaximumSummaryTokens});
  const auto summary = jobs::summary_of_answer(answer.text, kMaximumSummaryBytes);
  if (summary.empty()) {
    co_return problem(ErrorCode::provider_malformed, "The model wrote no summary. Try again.",
                      "no summary in the answer");
  }
  std::string result;
  json::Writer writer(result);
  writer.begin_object().key("summary").string(summary);
  writer.key("prompt").string(prompts::kRealtimeSummary.label).end_object();
  co_await step.commit(result);
  co_return {};
}

}  // namespace

constexpr JobKind kRealtimeSummary{"realtime_summary", &summary_models, &summarise_session};

}  // namespace fabula::engine
