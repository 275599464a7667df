// The steps of a story's job, by their result. Each asks a model once, or not at all; an unreadable
// plan is requested once more if there is time.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/text.hpp"
#include "shared/result/result.hpp"
#include "shared/story/planner.hpp"
#include "shared/story/state.hpp"
#include "wasm/engine/jobs/step.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The current step: its rows, and the planner's choice.
struct StoryStep {
  JobStep& step;
  const story::State& state;
  const story::NextStep& next;
};

runtime::Task<Result<void>> write_premise(StoryStep step);
runtime::Task<Result<void>> write_chapters(StoryStep step);
runtime::Task<Result<void>> write_outline(StoryStep step);
runtime::Task<Result<void>> write_ideas(StoryStep step);
runtime::Task<Result<void>> write_setup(StoryStep step);
runtime::Task<Result<void>> write_recap(StoryStep step);
runtime::Task<Result<void>> write_piece(StoryStep step);

// The tokens of material that a prompt may have here.
std::int64_t material_tokens(Call& call);

// A step's result: the kind's name first, then the members from `write`.
class StoryResult {
 public:
  explicit StoryResult(std::string_view did) : writer_(text_) {
    writer_.begin_object().key("did").string(did);
  }
  StoryResult(const StoryResult&) = delete;
  StoryResult& operator=(const StoryResult&) = delete;

  json::Writer& key(std::string_view name) { return writer_.key(name); }
  void add_source(const Completion& completion, std::string_view prompt_label);

  // Commits it, with a message for those who wait. `percent` of the whole job.
  runtime::Task<Result<void>> commit(JobStep& step, int percent, std::string message,
                                     bool is_last_step);

 private:
  std::string text_;
  json::Writer writer_;
};

}  // namespace fabula::engine
