// The steps of a story's job that plan and summarize: everything but its prose.
#include <utility>

#include "generated/prompts.hpp"
#include "shared/jobs/session_summary.hpp"
#include "shared/llm/answer/structured_output.hpp"
#include "shared/story/estimate.hpp"
#include "shared/story/length.hpp"
#include "shared/story/material.hpp"
#include "shared/story/outline.hpp"
#include "shared/story/prompt.hpp"
#include "shared/story/prose.hpp"
#include "shared/story/task_rows.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/jobs/draft_saver.hpp"
#include "wasm/engine/jobs/kinds/story_steps.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Reasoning models need more tokens than the answer has.
constexpr std::int64_t kPremiseTokens = 2'000;
constexpr std::int64_t kRecapTokens = 2'000;
constexpr std::int64_t kPlanTokens = 6'000;
constexpr std::int64_t kChaptersTokens = 16'000;
// The least time in which another answer is likely to arrive.
constexpr std::int64_t kTimeForAnotherMs = 10'000;
// The same number as in the premise's prompt.
constexpr std::int64_t kPremiseWords = 60;
constexpr std::size_t kMaximumPremiseBytes = 2'000;
constexpr std::size_t kMaximumRecapBytes = 2'000;
// After this many failures the plan's description replaces the recap: a story must not fail for it.
constexpr std::int64_t kRecapAttempts = 2;

template <class T>
struct Read {
  T value;
  Completion completion;
};

// Asks for a plan. If `read` refuses one, asks once more, with its faults.
template <class T, class Reader>
Task<Result<Read<T>>> ask_for_plan(StoryStep story, const story::StoryPrompt& prompt,
                                   std::string_view schema, std::string_view name,
                                   std::int64_t tokens, Reader read) {
  CompletionRequest request{.system_prompt = prompt.system,
                            .user_text = prompt.question,
                            .maximum_output_tokens = tokens,
                            .response_schema = schema,
                            .response_schema_name = name,
                            // Models write plans in several formats: `read` knows them.
                            .is_response_checked = false};
  Completion completion = co_await story.step.complete(request);
  Result<T> value = read(completion.text);
  if (!value && story.step.left_ms() >= kTimeForAnotherMs) {
    std::string history;
    json::Writer writer(history);
    const auto add = [&writer](std::string_view role, std::string_view content) {
      writer.begin_object().key("role").string(role).key("content").string(content).end_object();
    };
    writer.begin_array();
    add("user", prompt.question);
    add("assistant", completion.text);
    writer.end_array();
    const auto correction = llm::correction_request(value.error());
    request.history_json = history;
    request.user_text = correction;
    completion = co_await story.step.complete(request);
    value = read(completion.text);
  }
  if (!value) co_return tl::unexpected(std::move(value.error()));
  co_return Read<T>{*std::move(value), std::move(completion)};
}

int percent_of(StoryStep story) { return story::progress_percent(story.state, story.next.kind, 0); }

}  // namespace

Task<Result<void>> write_premise(StoryStep story) {
  const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
  const auto unit = story.state.settings.unit;
  DraftSaver saver(story.step, story::part_json(story::DraftPart{"premise", {}, 0, {}}), {},
                   LengthLimit(story::length_of_words(kPremiseWords, unit), unit));
  Completion answer;
  saver.start();
  answer = co_await story.step.complete({.system_prompt = prompt.system,
                                         .user_text = prompt.question,
                                         .maximum_output_tokens = kPremiseTokens,
                                         .listener = &saver});
  saver.stop();
  auto text = story::trim_talk(answer.text).text;
  if (answer.is_truncated) text = story::whole_sentences(text).text;
  // Some languages have no mark for a sentence's end.
  const bool is_short = 4 * story::length(text, unit) < story::length_of_words(kPremiseWords, unit);
  if (answer.is_truncated && is_short && !story::ends_with_whole_sentence(text)) {
    co_return problem(ErrorCode::provider_incomplete,
                      "The model's answer was cut off within its first sentence. Try again.",
                      "a premise without a whole sentence");
  }
  const auto premise = story::cut_to(text, kMaximumPremiseBytes, story::Keep::beginning);
  if (premise.empty()) {
    co_return problem(ErrorCode::provider_malformed, "The model wrote no premise. Try again.",
                      "no premise in the answer");
  }
  StoryResult result(name(story.next.kind));
  result.key("text").string(story::one_line(premise));
  result.add_source(answer, prompt.label);
  co_await result.commit(story.step, percent_of(story), "The premise is written.",
                         story.next.is_last_step);
  co_return {};
}

Task<Result<void>> write_chapters(StoryStep story) {
  const auto wanted =
      static_cast<std::size_t>(story::chapter_count(story.state.settings.target_words));
  const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
  const Read<story::ChaptersPlan> plan = co_await ask_for_plan<story::ChaptersPlan>(
      story, prompt, story::kChaptersSchema, "chapters", kChaptersTokens,
      [wanted](std::string_view text) { return story::read_chapters(text, wanted); });
  StoryResult result(name(story.next.kind));
  if (!plan.value.title.empty()) result.key("title").string(plan.value.title);
  result.key("chapters").raw(story::plans_json(plan.value.chapters));
  result.add_source(plan.completion, prompt.label);
  co_await result.commit(story.step, percent_of(story), "The chapters are planned.",
                         story.next.is_last_step);
  co_return {};
}

Task<Result<void>> write_outline(StoryStep story) {
  const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
  const Read<std::vector<story::ScenePlan>> plan =
      co_await ask_for_plan<std::vector<story::ScenePlan>>(
          story, prompt, story::kOutlineSchema, "outline", kPlanTokens,
          [](std::string_view text) { return story::read_outline(text); });
  StoryResult result(name(story.next.kind));
  if (story.next.chapter > 0) result.key("chapter").integer(story.next.chapter);
  result.key("scenes").raw(story::plans_json(plan.value));
  result.add_source(plan.completion, prompt.label);
  std::string message = "The scenes are planned.";
  if (story.next.chapter > 0) {
    message = "The scenes of chapter " + text::integer_text(story.next.chapter) + " are planned.";
  }
  co_await result.commit(story.step, percent_of(story), std::move(message),
                         story.next.is_last_step);
  co_return {};
}

Task<Result<void>> write_ideas(StoryStep story) {
  const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
  const Read<std::vector<story::Idea>> ideas = co_await ask_for_plan<std::vector<story::Idea>>(
      story, prompt, story::kIdeasSchema, "ideas", kPlanTokens,
      [](std::string_view text) { return story::read_ideas(text); });
  StoryResult result(name(story.next.kind));
  result.key("value").raw(story::ideas_json(ideas.value));
  result.add_source(ideas.completion, prompt.label);
  co_await result.commit(story.step, percent_of(story), "The ideas are written.", true);
  co_return {};
}

Task<Result<void>> write_setup(StoryStep story) {
  const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
  const Read<json::Document> setup = co_await ask_for_plan<json::Document>(
      story, prompt, story::kSetupSchema, "setup", kPlanTokens,
      [](std::string_view text) { return story::read_setup(text); });
  StoryResult result(name(story.next.kind));
  result.key("value").raw(json::dump(setup.value));
  result.add_source(setup.completion, prompt.label);
  co_await result.commit(story.step, percent_of(story), "The settings are chosen.", true);
  co_return {};
}

Task<Result<void>> write_recap(StoryStep story) {
  const auto& part = *story.state.unrecapped;
  StoryResult result(name(story.next.kind));
  result.key("part_id").string(part.part_id);
  const auto message = "Summed up: " + story::one_line(part.title);
  std::string text = part.description;
  if (story.state.attempts <= kRecapAttempts) {
    const auto prompt = prompt_of(story.state, story.next, material_tokens(story.step.call()));
    const auto unit = story.state.settings.unit;
    LengthLimit limit(story::length_of_words(story::kMaximumRecapWords, unit), unit);
    Completion answer;
    answer = co_await story.step.complete({.system_prompt = prompt.system,
                                           .user_text = prompt.question,
                                           .maximum_output_tokens = kRecapTokens,
                                           .listener = &limit});
    const auto summary = jobs::summary_of_answer(answer.text, kMaximumRecapBytes);
    // A few more words than requested are harmless.
    const auto most = story::length_of_words(story::kMaximumRecapWords * 3 / 2, unit);
    const auto recap = story::whole_sentences(story::first_of(summary, most, unit)).text;
    if (!recap.empty()) text = recap;
    result.add_source(answer, prompt.label);
  }
  // A part without any description is summarized by its name.
  if (text.empty()) text = part.title;
  result.key("text").string(story::one_line(text));
  co_await result.commit(story.step, story::progress_percent(story.state, story.next.kind, 0),
                         message, false);
  co_return {};
}

}  // namespace fabula::engine
