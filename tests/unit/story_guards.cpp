#include "shared/story/guards.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/evidence.hpp"
#include "shared/story/prose.hpp"
#include "shared/story/repeats.hpp"

using namespace fabula;
using story::Examined;
using story::ScenePlan;

namespace {

// Its prose, without the headings.
std::vector<std::string> chapters_of_alice() {
  std::ifstream file(FABULA_SOURCE_DIR "/tests/fixtures/novels/alice.txt");
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> chapters;
  std::string line;
  int lines_of_heading = 0;
  while (std::getline(text, line)) {
    if (line.find("CHAPTER ") != std::string::npos) {
      chapters.emplace_back();
      lines_of_heading = 3;
    }
    if (chapters.empty() || lines_of_heading-- > 0) continue;
    chapters.back() += line + "\n";
  }
  return chapters;
}

bool has(const Examined& examined, std::string_view rule) {
  return std::any_of(examined.findings.begin(), examined.findings.end(),
                     [rule](const story::Finding& finding) { return finding.rule == rule; });
}

const ScenePlan kDoor{.number = 2,
                      .title = "The Door",
                      .description = "Mara opens the door.",
                      .characters = {"Mara"},
                      .key_events = {"Mara finds the rusted key under the chair",
                                     "Mara opens the drowned door with the key"},
                      .image_prompt = "",
                      .narration = ""};
const ScenePlan kWreck{.number = 3,
                       .title = "The Wreck",
                       .description = "Ansel dives.",
                       .characters = {"Ansel"},
                       .key_events = {"Ansel dives to the wreck of the trawler",
                                      "Ansel cuts the anchor chain with a saw"},
                       .image_prompt = "",
                       .narration = ""};
constexpr std::string_view kDoorText =
    "Under the keeper's chair lay the key, rusted through, and Mara found it with her foot. She "
    "carried the key to the drowned door and opened it.";
constexpr std::string_view kWreckText =
    "Ansel dived again, down to the wreck where the trawler lay. The saw bit, and he cut the chain "
    "of the anchor link by link.";

Examined examine(std::string_view text, const story::GuardContext& context) {
  return story::examine(kDoor, text, context);
}

}  // namespace

TEST_CASE("an untouched novel is neither trimmed nor flagged") {
  const auto chapters = chapters_of_alice();
  REQUIRE(chapters.size() == 12);
  std::vector<std::string_view> previous;
  for (const auto& chapter : chapters) {
    const auto examined = examine(chapter, {.language = "en", .previous = previous});
    for (const auto& finding : examined.findings) {
      FAIL_CHECK(finding.rule << ": " << finding.message);
    }
    previous.insert(previous.begin(), chapter);
  }
}

TEST_CASE("a scene that is written again is found") {
  const auto chapters = chapters_of_alice();
  const std::vector<std::string_view> previous{chapters[0]};
  const auto again = chapters[1].substr(0, 3000) + chapters[0].substr(2000, 600);
  const auto repeats = story::find_repeats(again, previous);
  CHECK(repeats.share > story::kMostRepeated);
  CHECK(repeats.example.size() > 100);
  CHECK(has(examine(again, {.previous = previous}), "repeats_previous"));
  const std::string paragraph =
      "The tide came in over the wall and took the chairs, the lamp and the long table with it.";
  CHECK(story::find_repeats(paragraph + "\n\nShe slept.\n\n" + paragraph, {}).paragraphs.size() ==
        1);
  const std::string_view japanese =
      "彼女は扉を開けて、海の底に続く階段をゆっくりと降りていった。灯りは消えていた。";
  const std::vector<std::string_view> earlier{japanese};
  CHECK(story::find_repeats(japanese, earlier).share > 0.9);
}

TEST_CASE("evidence of events, and scenes told in the place of others") {
  const story::EvidenceText text(kDoorText);
  CHECK(text.find(kDoor.key_events[0]));
  CHECK_FALSE(text.find(kWreck.key_events[0]));
  CHECK(story::told_share(text, kDoor) == 1.0);
  const std::vector<ScenePlan> other{kWreck};
  CHECK(story::find_last_event(kWreckText, other));
  CHECK_FALSE(story::find_last_event(kDoorText, other));
  const story::GuardContext later{.extent = story::Extent::scene, .later = other};
  const story::GuardContext earlier{.extent = story::Extent::scene, .earlier = other};
  CHECK(has(examine(kWreckText, later), "scene_skipped"));
  CHECK(has(examine(kWreckText, earlier), "told_twice"));
  CHECK(examine(kDoorText, later).findings.empty());
  CHECK(examine(kDoorText, earlier).findings.empty());
}

TEST_CASE("refusals, languages and lengths") {
  for (const std::string_view refusal :
       {"I'm sorry, but I can't assist with that request.",
        "I cannot write this scene, as it violates my guidelines.",
        "As an AI language model, I prefer not to.",
        "Es tut mir leid, aber ich kann diese Szene nicht erstellen.",
        "Je suis désolé, mais je ne peux pas écrire cette scène.",
        "Lo siento, pero no puedo ayudarte con esta solicitud.",
        "抱歉，我无法协助完成这个请求。"}) {
    CAPTURE(refusal);
    const auto examined = examine(refusal, {.language = "en", .wanted_length = 300});
    CHECK(has(examined, "refusal"));
    CHECK(examined.is_asked_again());
    CHECK_FALSE(story::corrections(examined.findings).empty());
  }
  for (const std::string_view story :
       {"\"I'm sorry, but I can't assist with that request,\" said the clerk.",
        "I'm sorry, but I can't marry you.",
        "I cannot go on, she said. I cannot write this letter."}) {
    CAPTURE(story);
    CHECK_FALSE(has(examine(story, {}), "refusal"));
  }
  const auto alice = chapters_of_alice()[0];
  CHECK(has(examine(alice, {.language = "de"}), "wrong_language"));
  CHECK_FALSE(has(examine(alice, {.language = "eo"}), "wrong_language"));
  CHECK_FALSE(has(examine("Mara!", {.language = "de"}), "wrong_language"));
  CHECK(has(examine(kDoorText, {.wanted_length = 1000}), "too_short"));
  CHECK(has(examine(alice, {.wanted_length = 300}), "too_long"));
  CHECK(examine(kDoorText, {.wanted_length = 40}).findings.empty());
  CHECK(has(examine("Sure! Here is the next scene:", {}), "too_short"));
  const auto cut = examine("Sure! Here is the next scene:\n\nShe ran. And then the", {});
  CHECK(cut.text == "She ran.");
  CHECK(has(cut, "talk_trimmed"));
  CHECK(has(cut, "truncated_end"));
  CHECK_FALSE(cut.is_asked_again());
}

TEST_CASE("hostile texts") {
  for (const auto& text : {std::string(1'000'000, 'x'), std::string(400'000, '\xE2'),
                           std::string(1'000'000, '\0'), std::string()}) {
    const std::vector<std::string_view> previous{text};
    const auto examined =
        examine(text, {.language = "en", .wanted_length = 500, .previous = previous});
    CHECK(examined.text.size() <= text.size());
  }
}
