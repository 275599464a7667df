#include "functions/tasks/session_summary.hpp"

#include <algorithm>

#include "functions/tasks/note_model.hpp"
#include "shared/database/job.hpp"
#include "shared/jobs/session_summary.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::tasks_function {
namespace {

using engine::Call;
using runtime::Task;

// What the database takes.
constexpr std::int64_t kMaximumBytes = 8192;
// About a quarter of what a turn's model is sent, at four bytes a token: more than half of it is
// never sent.
constexpr std::int64_t kBytesPerHistoryToken = 1;
constexpr std::int64_t kMinimumBytes = 160;
// So that the words that are asked for stay below the bytes in nearly any language.
constexpr std::int64_t kBytesPerWord = 16;
constexpr std::int64_t kMaximumWords = 300;
// Models that think aloud need more than the summary has.
constexpr std::int64_t kMaximumSummaryTokens = 4000;

}  // namespace

Result<engine::Endpoints> summary_models(Call& call) {
  constexpr const settings::Setting& kOwn = settings::named("MODEL_SUMMARY");
  const bool has_own = call.setting_values().find(kOwn).has_value();
  return engine::resolve_route(call, has_own ? kOwn : settings::named("MODEL_CHAT"));
}

Task<Result<void>> summarise_session(Call& call, const engine::Endpoints& models,
                                     const jobs::ClaimedJob& job, std::int64_t deadline_ms) {
  const auto* messages = json::find(job.work, "messages");
  if (!messages || !messages->is_array())
    co_return database::unexpected_answer(database::kClaimTask.name);
  const auto history_tokens = engine::read_turn_limits(call).history_tokens;
  const auto maximum_bytes =
      std::clamp(history_tokens * kBytesPerHistoryToken, kMinimumBytes, kMaximumBytes);
  const auto words = std::min(maximum_bytes / kBytesPerWord, kMaximumWords);

  const auto instructions = jobs::summary_instructions(static_cast<std::size_t>(words));
  const auto question =
      jobs::summary_question(json::string_at(job.work, "previous_summary").value_or(""), *messages);
  const engine::Completion answer =
      co_await engine::complete(call, models,
                                {.system_prompt = instructions,
                                 .user_text = question,
                                 .maximum_output_tokens = kMaximumSummaryTokens,
                                 .deadline_ms = deadline_ms});
  note_model(call.log(), answer);

  const auto summary =
      jobs::summary_of_answer(answer.text, static_cast<std::size_t>(maximum_bytes));
  if (summary.empty()) {
    co_return problem(ErrorCode::provider_malformed, "The model wrote no summary. Try again.",
                      "no summary in the answer");
  }
  co_await engine::call_function(call.context(), call.database(), database::kCommitTask,
                                 {.job = job,
                                  .worker = {answer.provider, answer.model, answer.usage,
                                             answer.attempts, jobs::summary_prompt_label()},
                                  .summary = summary});
  co_return {};
}

}  // namespace fabula::tasks_function
