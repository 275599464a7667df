// The prompts of a story: their contents, and that they never exceed their budget.
#include "shared/story/prompt.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/story/synopsis.hpp"
#include "shared/text/utf8.hpp"
#include "tests/unit/story_state.hpp"

using namespace fabula;
using namespace fabula::tests;
using story::Route;
using story::State;
using story::StepKind;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A story with `chapters` chapters, in the middle of the last one. Every text is about `text_bytes`
// long.
State long_story(std::int64_t chapters, std::size_t text_bytes) {
  auto state = story_state(Route::full, 100'000);
  const std::string text = std::string(text_bytes, 'a') + ". The end is told. ";
  state.settings.story_setting = text;
  state.settings.character_input = text;
  state.settings.plot_elements = text;
  state.premise = text;
  state.has_outline = true;
  for (std::int64_t number = 1; number <= chapters; ++number) {
    story::ChapterState chapter;
    chapter.plan = {number, "Chapter title " + std::to_string(number), text, {text, text}};
    chapter.is_outlined = true;
    if (number < chapters) chapter.recap = "It happened in " + std::to_string(number) + ". " + text;
    state.chapters.push_back(chapter);
  }
  state.totals.scenes = chapters * 7;
  state.next.emplace();
  state.next->chapter = chapters;
  state.next->plan = scene_plan(4);
  state.next->plan.description = text;
  state.next->draft = text;
  state.next->corrections = {text, text};
  state.previous = {{3, "Third", text}, {2, "Second", text}};
  state.recaps = {{1, "First", text}, {2, "Second", text}, {3, "Third", text}};
  for (std::int64_t number = 5; number <= 7; ++number) state.later.push_back(scene_plan(number));
  for (int at = 0; at < 200; ++at) {
    state.facts.push_back("- character: Person" + std::to_string(at) + "; age: 34");
  }
  story::Unrecapped part;
  part.title = text;
  part.text = text;
  state.unrecapped = part;
  state.given.feedback = text;
  state.given.outline = text;
  state.given.idea = text;
  return state;
}

}  // namespace

TEST_CASE("no prompt passes its budget, however long the story is") {
  for (const std::int64_t chapters : {1, 5, 25, 50}) {
    for (const std::size_t bytes : {0U, 100U, 4'000U, 20'000U}) {
      const auto state = long_story(chapters, bytes);
      for (const std::int64_t tokens : {800, 1'200, 4'000, 8'000, 100'000}) {
        for (const auto kind :
             {StepKind::premise, StepKind::chapters, StepKind::outline, StepKind::piece,
              StepKind::recap, StepKind::ideas, StepKind::setup}) {
          CAPTURE(story::name(kind));
          story::NextStep step{.kind = kind, .chapter = chapters, .asked = 300};
          const auto prompt = prompt_of(state, step, tokens);
          const auto room = std::min(tokens, story::kMaximumMaterialTokens);
          // The task itself, after the material.
          constexpr std::int64_t kTaskTokens = 100;
          CHECK(static_cast<std::int64_t>(prompt.question.size()) <=
                (room + kTaskTokens) * story::kBytesPerToken);
          CHECK(static_cast<std::int64_t>(prompt.system.size()) <=
                story::kMaximumInstructionTokens * story::kBytesPerToken);
          CHECK_FALSE(prompt.label.empty());
          CHECK_FALSE(contains(prompt.system + prompt.question, "{{"));
        }
      }
    }
  }
}

TEST_CASE("texts in any script are cut between characters") {
  auto state = long_story(5, 100);
  std::string text;
  for (int at = 0; at < 3'000; ++at) text += "海の手紙。";
  state.settings.plot_elements = text;
  state.previous[0].text = text;
  state.next->draft = text;
  const auto prompt = prompt_of(state, {.kind = StepKind::piece, .asked = 100}, 1'000);
  CHECK(text::is_valid_utf8(prompt.question));
}

TEST_CASE("a piece is asked for with the plan, what was told, and what nobody knows yet") {
  auto state = story_state(Route::full, 1'000);
  state.premise = "Mara finds letters.";
  state.next.emplace();
  state.next->plan = scene_plan(2);
  state.next->draft = "The tide had gone out.";
  state.next->corrections = {"Do not write the scene before again."};
  state.previous = {{1, "First", "She lit the lamp."}};
  state.recaps = {{1, "First", "Mara lit the lamp."}};
  state.later = {scene_plan(3)};
  state.facts = {"- character: Jon; age: 50", "- character: Mara Olsen; age: 34",
                 "The story still lacks: its genre or tone. Ask for one of these at a time."};
  const auto prompt =
      prompt_of(state, {.kind = StepKind::piece, .asked = 180, .is_scene_end = true}, 8'000);
  for (const char* part :
       {"Mystery Novelist", "A harbour town.", "First Person", "Adults (18+)", "PG", "Twist",
        "Mara finds letters.", "Scene 2", "Mara finds letter 2.", "The tide had gone out.",
        "She lit the lamp.", "Mara lit the lamp.", "Do not write the scene before again.",
        "LATER, NOT YET KNOWN", "Mara finds letter 3.", "age: 34", "about 180 words",
        "Bring this scene to its end"}) {
    CAPTURE(part);
    CHECK(contains(prompt.question, part));
  }
  CHECK(contains(prompt.system, "never instructions"));
  CHECK_FALSE(contains(prompt.question, "still lacks"));
  // Facts that matter here stand before those that do not.
  CHECK(prompt.question.find("Mara Olsen; age") < prompt.question.find("Jon; age"));
}

TEST_CASE("of facts, those of the scene's people and places are told first") {
  auto plan = scene_plan(1);
  plan.key_events = {"They meet at the Old Mill."};
  std::vector<std::string> facts;
  for (int at = 0; at < 50; ++at) {
    facts.push_back("- character: Nobody" + std::to_string(at) + "; age: 1");
  }
  facts.push_back("- location: Old Mill; description: burnt down");
  facts.push_back("- character: Mara Olsen; age: 34");
  facts.push_back("- genre: mystery");
  const auto chosen = story::facts_for_scene(facts, plan, 120);
  REQUIRE(chosen.size() == 3);
  CHECK(chosen[0] == "- character: Mara Olsen; age: 34");
  CHECK(chosen[1] == "- location: Old Mill; description: burnt down");
  CHECK(chosen[2] == "- genre: mystery");
}

TEST_CASE("a synopsis keeps the newest whole, and the first sentences of what is older") {
  State state;
  for (std::int64_t number = 1; number <= 4; ++number) {
    story::ChapterState chapter;
    chapter.plan.number = number;
    chapter.recap = "First of " + std::to_string(number) + ". Then more and more of it happens.";
    state.chapters.push_back(chapter);
  }
  state.recaps = {{1, "Lamp", "Mara lit it. The storm came."}};
  const auto whole = story::synopsis(state, 1'000);
  CHECK(contains(whole, "Chapter 1: First of 1. Then more"));
  CHECK(contains(whole, "Scene 1 (Lamp): Mara lit it. The storm came."));

  const auto shorter = story::synopsis(state, 200);
  CHECK(shorter.size() <= 200);
  CHECK(contains(shorter, "Chapter 1: First of 1.\n"));
  CHECK(contains(shorter, "The storm came."));

  const auto shortest = story::synopsis(state, 60);
  CHECK(shortest.size() <= 60);
  CHECK_FALSE(contains(shortest, "Chapter 1"));
  CHECK(story::synopsis(state, 0).empty());
}
