// Rolling summaries of the messages that no longer fit into a conversation's prompt.
#include <algorithm>

#include "shared/database/job.hpp"
#include "shared/jobs/session_summary.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/kinds/summary_models.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// About a quarter of a turn's history budget, at four bytes per token; the database never lets a
// summary take more than half of the budget.
constexpr std::int64_t kBytesPerHistoryToken = 1;
constexpr std::int64_t kMinimumBytes = 160;
// Keeps the requested number of words below the byte limit in nearly any language.
constexpr std::int64_t kBytesPerWord = 16;
constexpr std::int64_t kMaximumWords = 300;

Task<Result<void>> summarise(JobStep& step) {
  const auto* messages = json::find(step.work(), "messages");
  if (!messages || !messages->is_array()) {
    co_return database::unexpected_answer(database::kClaimStep.name);
  }
  const auto history_tokens = read_turn_limits(step.call()).history_tokens;
  const auto maximum_bytes =
      std::clamp(history_tokens * kBytesPerHistoryToken, kMinimumBytes, kMaximumSummaryBytes);
  const auto words = std::min(maximum_bytes / kBytesPerWord, kMaximumWords);

  const auto instructions = jobs::summary_instructions(static_cast<std::size_t>(words));
  const auto question = jobs::summary_question(
      json::string_at(step.work(), "previous_summary").value_or(""), *messages);
  const Completion answer =
      co_await step.complete({.system_prompt = instructions,
                              .user_text = question,
                              .maximum_output_tokens = kMaximumSummaryTokens});

  const auto summary =
      jobs::summary_of_answer(answer.text, static_cast<std::size_t>(maximum_bytes));
  if (summary.empty()) {
    co_return problem(ErrorCode::provider_malformed, "The model wrote no summary. Try again.",
                      "no summary in the answer");
  }
  std::string result;
  json::Writer writer(result);
  writer.begin_object().key("summary").string(summary);
  writer.key("prompt").string(jobs::summary_prompt_label()).end_object();
  co_await step.commit(result);
  co_return {};
}

}  // namespace

constexpr JobKind kSessionSummary{"session_summary", &summary_models, &summarise};

}  // namespace fabula::engine
