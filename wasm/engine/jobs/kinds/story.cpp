// Writes stories: shared/story/planner chooses each step of a job from the story's rows.
#include <algorithm>
#include <utility>

#include "shared/settings/table.hpp"
#include "shared/story/prompt.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/kinds/story_steps.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// The models of MODEL_STORY, else those of MODEL_CHAT.
Result<Endpoints> story_models(Call& call) {
  return resolve_route_or(call, settings::named("MODEL_STORY"), settings::named("MODEL_CHAT"));
}

Task<Result<void>> end_story(StoryStep story) {
  StoryResult result("done");
  const auto& totals = story.state.totals;
  // Every scene has its text, so the planner finds nothing to write.
  result.key("is_complete").boolean(totals.scenes > 0 && !story.state.next);
  co_await result.commit(story.step, 100, "The story is written.", true);
  co_return {};
}

Task<Result<void>> write_step(JobStep& step) {
  const story::State state = co_await story::read_state(step.work());
  const auto next = story::next_step(state);
  const StoryStep chosen{step, state, next};
  switch (next.kind) {
    case story::StepKind::premise:
      co_await write_premise(chosen);
      break;
    case story::StepKind::chapters:
      co_await write_chapters(chosen);
      break;
    case story::StepKind::outline:
      co_await write_outline(chosen);
      break;
    case story::StepKind::piece:
      co_await write_piece(chosen);
      break;
    case story::StepKind::recap:
      co_await write_recap(chosen);
      break;
    case story::StepKind::ideas:
      co_await write_ideas(chosen);
      break;
    case story::StepKind::setup:
      co_await write_setup(chosen);
      break;
    case story::StepKind::done:
      co_await end_story(chosen);
      break;
  }
  co_return {};
}

}  // namespace

std::int64_t material_tokens(Call& call) { return read_turn_limits(call).history_tokens; }

void StoryResult::add_source(const Completion& completion, std::string_view prompt_label) {
  writer_.key("model").string(completion.provider + ":" + completion.model);
  writer_.key("prompt").string(prompt_label);
}

Task<Result<void>> StoryResult::commit(JobStep& step, int percent, std::string message,
                                       bool is_last_step) {
  writer_.key("progress").integer(percent).key("message").string(message);
  if (is_last_step) writer_.key("is_last_step").boolean(true);
  writer_.end_object();
  co_await step.commit(text_, {.percent = percent, .message = message});
  co_return {};
}

constexpr JobKind kStory{"story", &story_models, &write_step, true};

}  // namespace fabula::engine
