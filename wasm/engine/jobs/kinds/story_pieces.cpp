// The steps of a story's job that write its prose: one piece of the next scene each.
#include <optional>
#include <utility>
#include <vector>

#include "shared/story/evidence.hpp"
#include "shared/story/guards.hpp"
#include "shared/story/length.hpp"
#include "shared/story/material.hpp"
#include "shared/story/prompt.hpp"
#include "shared/story/prose.hpp"
#include "shared/story/task_rows.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/jobs/draft_saver.hpp"
#include "wasm/engine/jobs/kinds/story_steps.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Limits an answer's tokens: per word, in languages with many tokens per word, and for reasoning.
constexpr std::int64_t kTokensPerWord = 5;
constexpr std::int64_t kTokensForThoughts = 2'000;

// A piece from a model, or from an attempt that broke off.
struct Reply {
  std::string text;
  std::optional<Completion> completion;
};

// Text that broke off counts only up to its last whole sentence.
std::string_view whole(std::string_view text) {
  return story::whole_sentences(story::trim_talk(text).text).text;
}

bool is_worth_keeping(std::string_view text, std::int64_t asked, story::Unit unit) {
  return story::is_worth_keeping(story::length(whole(text), unit), asked);
}

bool is_worth_keeping_in_words(std::string_view text, std::int64_t asked) {
  return is_worth_keeping(text, asked, story::Unit::words);
}

bool is_worth_keeping_in_characters(std::string_view text, std::int64_t asked) {
  return is_worth_keeping(text, asked, story::Unit::characters);
}

Task<Result<Reply>> ask_for_piece(StoryStep story, const story::StoryPrompt& prompt) {
  const auto& next = *story.state.next;
  const auto unit = story.state.settings.unit;
  DraftSaver saver(story.step,
                   story::part_json({.kind = "scene",
                                     .part_id = next.part_id,
                                     .number = next.plan.number,
                                     .title = next.plan.title}),
                   {.is_enough = unit == story::Unit::words ? &is_worth_keeping_in_words
                                                            : &is_worth_keeping_in_characters,
                    .asked = story.next.asked},
                   LengthLimit(story.next.asked, unit));
  Result<Completion> answer = tl::unexpected(Problem(ErrorCode::internal_error, {}, {}));
  saver.start();
  answer = co_await runtime::attempt(story.step.complete(
      {.system_prompt = prompt.system,
       .user_text = prompt.question,
       .maximum_output_tokens = story.next.asked * kTokensPerWord + kTokensForThoughts,
       .listener = &saver}));
  saver.stop();
  if (answer) {
    auto text = answer->text;
    co_return Reply{std::move(text), *std::move(answer)};
  }
  // The lease is lost, or the isolate ends: the next worker for the step gets the draft.
  if (answer.error().code == ErrorCode::interrupted) {
    co_await saver.flush();
    co_return tl::unexpected(std::move(answer.error()));
  }
  if (!saver.is_enough()) co_return tl::unexpected(std::move(answer.error()));
  co_return Reply{std::string(saver.text()), std::nullopt};
}

// The text left by a dead attempt, if it is worth keeping.
std::optional<Reply> saved_reply(StoryStep story) {
  const auto& saved = story.state.saved;
  if (!saved) return std::nullopt;
  if (!is_worth_keeping(saved->text, story.next.asked, story.state.settings.unit)) {
    return std::nullopt;
  }
  return Reply{std::string(whole(saved->text)), std::nullopt};
}

void write_findings(StoryResult& result, const std::vector<story::Finding>& findings) {
  auto& writer = result.key("findings").begin_array();
  for (const auto& finding : findings) {
    writer.begin_object().key("rule").string(finding.rule);
    writer.key("message").string(finding.message);
    if (!finding.correction.empty()) writer.key("correction").string(finding.correction);
    writer.end_object();
  }
  writer.end_array();
}

std::string scene_name(const story::State& state) {
  return "Scene " + text::integer_text(state.next->plan.number);
}

Task<Result<void>> reject(StoryStep story, const Reply& reply, const story::Examined& examined,
                          std::string_view label) {
  StoryResult result(name(story::StepKind::piece));
  result.key("part_id").string(story.state.next->part_id);
  result.key("text").string(examined.text.empty() ? std::string_view(reply.text) : examined.text);
  result.key("rejected").boolean(true);
  write_findings(result, examined.findings);
  if (reply.completion) result.add_source(*reply.completion, label);
  auto message = scene_name(story.state) + " is asked for once more";
  const auto* reason = examined.reason_to_ask_again();
  message += reason != nullptr ? ": " + reason->message : ".";
  const auto percent = story::progress_percent(story.state, story::StepKind::piece, 0);
  co_await result.commit(story.step, percent, std::move(message), false);
  co_return {};
}

// The scene's surroundings, for the guards. Views into the state.
struct Surroundings {
  std::vector<std::string_view> previous;

  explicit Surroundings(const story::State& state) {
    for (const auto& scene : state.previous) previous.push_back(scene.text);
  }

  story::GuardContext context(const story::State& state, story::Extent extent) const {
    return {.extent = extent,
            .language = state.settings.language,
            .story_title = state.title,
            .previous = previous,
            .later = state.later};
  }
};

Task<Result<void>> keep(StoryStep story, const Reply& reply, story::Examined examined,
                        std::string_view label) {
  const auto& state = story.state;
  const auto& next = *state.next;
  const auto unit = state.settings.unit;
  const auto made = story::length(examined.text, unit);
  std::string scene = next.draft;
  if (!scene.empty()) scene.append("\n\n");
  scene.append(examined.text);

  bool is_end_told = true;
  if (state.is_last && !next.plan.key_events.empty()) {
    const story::EvidenceText evidence(scene);
    is_end_told = evidence.find(next.plan.key_events.back()).has_value();
  }
  const auto after = story::after_piece(state, made, is_end_told);
  const auto scene_length = story::length(scene, unit);
  auto findings = std::move(examined.findings);
  if (after.is_scene_done) {
    const Surroundings around(state);
    auto context = around.context(state, story::Extent::scene);
    context.wanted_length =
        static_cast<std::size_t>(story.next.scene_left + story::length(next.draft, unit));
    auto whole_scene = story::examine(next.plan, scene, context);
    for (auto& finding : whole_scene.findings) findings.push_back(std::move(finding));
  }

  StoryResult result(after.is_scene_done ? "scene" : "piece");
  result.key("part_id").string(next.part_id);
  result.key("text").string(after.is_scene_done ? std::string_view(scene) : examined.text);
  result.key("length").integer(after.is_scene_done ? scene_length : made);
  result.key("asked").integer(story.next.asked).key("made").integer(made);
  write_findings(result, findings);
  if (reply.completion) result.add_source(*reply.completion, label);
  if (after.is_last_step) result.key("is_complete").boolean(after.is_story_done);
  const auto percent = story::progress_percent(state, story::StepKind::piece, scene_length);
  auto message = scene_name(state) + (after.is_scene_done ? " is written." : " is being written.");
  co_await result.commit(story.step, percent, std::move(message), after.is_last_step);
  co_return {};
}

}  // namespace

Task<Result<void>> write_piece(StoryStep story) {
  const auto& state = story.state;
  const auto& next = *state.next;
  const auto prompt = prompt_of(state, story.next, material_tokens(story.step.call()));
  auto saved = saved_reply(story);
  Reply reply;
  if (saved) {
    reply = *std::move(saved);
  } else {
    reply = co_await ask_for_piece(story, prompt);
  }
  const Surroundings around(state);
  auto context = around.context(state, story::Extent::piece);
  context.draft = next.draft;
  auto examined = story::examine(next.plan, reply.text, context);
  const bool is_first = next.retries == 0;
  if (is_first && (examined.is_asked_again() || examined.text.empty())) {
    co_await reject(story, reply, examined, prompt.label);
    co_return {};
  }
  if (examined.text.empty()) {
    co_return problem(ErrorCode::provider_malformed, "The model wrote no part of the story.",
                      "no prose in the answer");
  }
  co_await keep(story, reply, std::move(examined), prompt.label);
  co_return {};
}

}  // namespace fabula::engine
