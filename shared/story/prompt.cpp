#include "shared/story/prompt.hpp"

#include <algorithm>
#include <vector>

#include "generated/prompts.hpp"
#include "shared/story/estimate.hpp"
#include "shared/story/material.hpp"
#include "shared/story/options.hpp"
#include "shared/story/outline.hpp"
#include "shared/story/synopsis.hpp"
#include "shared/text/integer.hpp"

namespace fabula::story {
namespace {

// Options are short; a person's own texts are cut to the available room.
constexpr std::size_t kBriefPercent = 26;
constexpr std::size_t kOwnTexts = 3;

std::string labelled(std::string_view label, std::string_view text) {
  return std::string(label).append(": ").append(one_line(text));
}

std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text.append(text.empty() ? "" : "; ").append(one_line(item));
  return text;
}

// The story's settings.
void add_brief(Material& material, const State& state) {
  const auto& settings = state.settings;
  std::vector<std::string> lines;
  const auto add = [&lines](std::string_view label, std::string_view text) {
    if (!text.empty()) lines.push_back(labelled(label, text));
  };
  add(prompts::kStoryMaterialTitle, state.title.empty() ? settings.title : state.title);
  add(prompts::kStoryMaterialPersona, settings.persona);
  add(prompts::kStoryMaterialStyle, settings.writing_style);
  add(prompts::kStoryMaterialTone, settings.story_tone);
  add(prompts::kStoryMaterialView, settings.narrative_pov);
  add(prompts::kStoryMaterialAudience, settings.audience_age_group);
  add(prompts::kStoryMaterialRating, settings.content_rating);
  add(prompts::kStoryMaterialEnding, settings.ending_preference);
  std::size_t used = prompts::kStoryMaterialStory.size();
  for (const auto& line : lines) used += line.size() + 1;
  constexpr std::size_t kLabelBytes = 40;
  const auto room = material.room(kBriefPercent);
  const auto own_room = room > used ? (room - used) / kOwnTexts : 0;
  const auto add_own = [&](std::string_view label, std::string_view text) {
    if (own_room > kLabelBytes) add(label, cut_to(text, own_room - kLabelBytes, Keep::beginning));
  };
  add_own(prompts::kStoryMaterialSetting, settings.story_setting);
  add_own(prompts::kStoryMaterialPeople, settings.character_input);
  add_own(prompts::kStoryMaterialPlot, settings.plot_elements);
  material.add_lines(prompts::kStoryMaterialStory, lines);
}

void add_premise(Material& material, const State& state) {
  material.room(4);
  material.add(prompts::kStoryMaterialPremise, state.premise);
}

void add_told(Material& material, const State& state, std::size_t percent) {
  material.add(prompts::kStoryMaterialTold, synopsis(state, material.room(percent)));
}

std::string plan_text(const ScenePlan& plan) {
  std::string text = text::integer_text(plan.number) + ". " + one_line(plan.title);
  if (!plan.description.empty()) text.append("\n").append(one_line(plan.description));
  if (!plan.characters.empty()) {
    text.append("\n").append(labelled(prompts::kStoryMaterialPeople, listed(plan.characters)));
  }
  if (!plan.key_events.empty()) {
    text.append("\n").append(prompts::kStoryMaterialEvents).append(":");
    for (const auto& event : plan.key_events) text.append("\n- ").append(one_line(event));
  }
  return text;
}

const ChapterState* chapter_numbered(const State& state, std::int64_t number) {
  const auto found =
      std::find_if(state.chapters.begin(), state.chapters.end(),
                   [number](const ChapterState& one) { return one.plan.number == number; });
  return found == state.chapters.end() ? nullptr : &*found;
}

std::string chapter_text(const ChapterPlan& plan) {
  std::string text = text::integer_text(plan.number) + ". " + one_line(plan.title);
  if (!plan.description.empty()) text.append("\n").append(one_line(plan.description));
  for (const auto& event : plan.key_events) text.append("\n- ").append(one_line(event));
  return text;
}

// The later scenes, by their events alone.
std::vector<std::string> later_lines(const State& state, std::int64_t chapter) {
  std::vector<std::string> lines;
  for (const auto& scene : state.later) {
    lines.push_back("- " + labelled(scene.title, listed(scene.key_events)));
  }
  if (const auto* next = chapter_numbered(state, chapter + 1)) {
    lines.push_back("- " + labelled(next->plan.title, listed(next->plan.key_events)));
  }
  return lines;
}

StoryPrompt asked(const prompts::Prompt& prompt, prompts::Values values, Material& material) {
  return {prompts::filled(prompt, values), material.take(), prompt.label};
}

StoryPrompt premise_prompt(const State& state, Material material) {
  add_brief(material, state);
  material.room(20);
  material.add(prompts::kStoryMaterialIdea, state.given.idea);
  return asked(prompts::kStoryPremise, {{"language", state.settings.language}}, material);
}

StoryPrompt chapters_prompt(const State& state, Material material) {
  add_brief(material, state);
  add_premise(material, state);
  material.room(15);
  material.add_lines(prompts::kStoryMaterialFacts, state.facts);
  material.room(30);
  material.add(prompts::kStoryMaterialOutline, state.given.outline);
  material.room(15);
  material.add(prompts::kStoryMaterialFeedback, state.given.feedback);
  const auto count = text::integer_text(chapter_count(state.settings.target_words));
  return asked(prompts::kStoryChapters, {{"count", count}, {"language", state.settings.language}},
               material);
}

StoryPrompt outline_prompt(const State& state, const NextStep& step, Material material) {
  add_brief(material, state);
  add_premise(material, state);
  add_told(material, state, 18);
  material.room(12);
  material.add_lines(prompts::kStoryMaterialFacts, state.facts);
  if (const auto* chapter = chapter_numbered(state, step.chapter)) {
    material.room(8);
    material.add_lines(prompts::kStoryMaterialLater, later_lines(state, step.chapter));
    material.room(10);
    material.add(prompts::kStoryMaterialChapter, chapter_text(chapter->plan));
  } else {
    std::string outline = state.given.outline;
    for (const auto& scene : state.outline) {
      outline.append(outline.empty() ? "" : "\n").append(plan_text(scene));
    }
    const bool is_wanted = state.route == Route::refine || !state.given.outline.empty();
    material.room(24);
    if (is_wanted) material.add(prompts::kStoryMaterialOutline, outline);
  }
  material.room(8);
  material.add(prompts::kStoryMaterialFeedback, state.given.feedback);
  return asked(
      prompts::kStoryOutline,
      {{"what", step.chapter > 0 ? prompts::kStoryOutlineChapter : prompts::kStoryOutlineWhole},
       {"fewest", text::integer_text(static_cast<std::int64_t>(kFewestScenes))},
       {"most", text::integer_text(static_cast<std::int64_t>(kMostScenes))},
       {"language", state.settings.language}},
      material);
}

StoryPrompt piece_prompt(const State& state, const NextStep& step, Material material) {
  const auto& next = *state.next;
  const auto& settings = state.settings;
  add_brief(material, state);
  add_premise(material, state);
  if (const auto* chapter = chapter_numbered(state, next.chapter)) {
    material.room(4);
    material.add(prompts::kStoryMaterialChapter, chapter_text(chapter->plan));
  }
  add_told(material, state, 16);
  material.add_lines(prompts::kStoryMaterialFacts,
                     facts_for_scene(state.facts, next.plan, material.room(10)));
  material.room(4);
  material.add_lines(prompts::kStoryMaterialLater, later_lines(state, next.chapter));
  // The nearer text matters more, so the farther one gets the remaining room.
  if (state.previous.size() > 1) {
    material.room(4);
    material.add(prompts::kStoryMaterialBeforeThat, state.previous[1].text, Keep::end);
  }
  material.room(10);
  if (!state.previous.empty()) {
    material.add(prompts::kStoryMaterialBefore, state.previous[0].text, Keep::end);
  } else {
    material.add(prompts::kStoryMaterialBefore, state.given.story_text, Keep::end);
  }
  material.room(10);
  material.add(prompts::kStoryMaterialScene, plan_text(next.plan));
  material.room(9);
  material.add(prompts::kStoryMaterialDraft, next.draft, Keep::end);
  material.room(3);
  std::vector<std::string> faults;
  for (const auto& correction : next.corrections) faults.push_back("- " + one_line(correction));
  material.add_lines(prompts::kStoryMaterialFaults, faults);

  const bool is_beginning = next.draft.empty() && state.previous.empty();
  std::string_view where = prompts::kStoryWriterOpen;
  if (step.is_scene_end) where = prompts::kStoryWriterSceneEnd;
  if (step.is_story_end) where = prompts::kStoryWriterStoryEnd;
  const auto unit =
      settings.unit == Unit::words ? prompts::kStoryWriterWords : prompts::kStoryWriterCharacters;
  const auto text = material.take();
  return {prompts::filled(prompts::kStoryWriter, {{"language", settings.language}}),
          prompts::filled(
              prompts::kStoryWriterQuestion,
              {{"material", text},
               {"how", is_beginning ? prompts::kStoryWriterFirst : prompts::kStoryWriterGoOn},
               {"where", where},
               {"length", text::integer_text(step.asked)},
               {"unit", unit}}),
          prompts::kStoryWriter.label};
}

StoryPrompt recap_prompt(const State& state, Material material) {
  const auto& part = *state.unrecapped;
  const auto words = text::integer_text(kMaximumRecapWords);
  material.room(10);
  material.add(prompts::kStoryMaterialTitle, one_line(part.title));
  material.room(90);
  if (part.is_chapter) {
    std::vector<std::string> lines;
    for (const auto& recap : part.recaps) lines.push_back("- " + one_line(recap.text));
    material.add_lines(prompts::kStoryMaterialScenes, lines);
  } else {
    material.add(prompts::kStoryMaterialText, part.text, Keep::end);
  }
  return asked(prompts::kStoryRecap,
               {{"maximum_words", words}, {"language", state.settings.language}}, material);
}

StoryPrompt ideas_prompt(const State& state, Material material) {
  add_brief(material, state);
  material.room(50);
  material.add(prompts::kStoryMaterialIdea, state.given.idea);
  return asked(prompts::kStoryIdeas, {{"language", state.settings.language}}, material);
}

StoryPrompt setup_prompt(const State& state, Material material) {
  std::string options;
  for (const auto& list : option_lists()) {
    if (!options.empty()) options.push_back('\n');
    options.append("- `").append(list.field).append("`: ");
    bool is_first = true;
    for (const auto& option : list.options) {
      options.append(is_first ? "" : " | ").append(option.value);
      is_first = false;
    }
  }
  material.room(60);
  material.add(prompts::kStoryMaterialIdea, state.given.idea);
  return asked(prompts::kStorySetup, {{"options", options}, {"language", state.settings.language}},
               material);
}

}  // namespace

StoryPrompt prompt_of(const State& state, const NextStep& step, std::int64_t material_tokens) {
  const auto tokens = std::clamp(material_tokens, kMinimumMaterialTokens, kMaximumMaterialTokens);
  Material material(static_cast<std::size_t>(tokens * kBytesPerToken));
  switch (step.kind) {
    case StepKind::premise:
      return premise_prompt(state, std::move(material));
    case StepKind::chapters:
      return chapters_prompt(state, std::move(material));
    case StepKind::outline:
      return outline_prompt(state, step, std::move(material));
    case StepKind::piece:
      return piece_prompt(state, step, std::move(material));
    case StepKind::recap:
      return recap_prompt(state, std::move(material));
    case StepKind::ideas:
      return ideas_prompt(state, std::move(material));
    case StepKind::setup:
      return setup_prompt(state, std::move(material));
    case StepKind::done:
      break;
  }
  return {};
}

std::string prompts_label() {
  std::string label;
  for (const auto* prompt :
       {&prompts::kStoryPremise, &prompts::kStoryChapters, &prompts::kStoryOutline,
        &prompts::kStoryWriter, &prompts::kStoryWriterQuestion, &prompts::kStoryRecap,
        &prompts::kStoryIdeas, &prompts::kStorySetup, &prompts::kStoryMaterial}) {
    label.append(label.empty() ? "" : " ").append(prompt->label);
  }
  return label;
}

}  // namespace fabula::story
