#include "shared/story/outline.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/llm/answer/schema_check.hpp"
#include "shared/llm/answer/structured_output.hpp"

using namespace fabula;
using namespace std::string_literals;

namespace {

std::string scene(int number, const std::string& title, const std::string& description) {
  return R"({"number":)" + std::to_string(number) + R"(,"title":")" + title +
         R"(","description":")" + description + R"(","characters":["Mara"],"key_events":["Mara )" +
         description + R"("],"image_prompt":"a door","narration":"third person"})";
}

std::string outline(int count) {
  constexpr std::string_view kTitles[] = {"The Door", "Rain",      "The Chair", "Salt",
                                          "The Lamp", "The Wreck", "Ansel",     "The Key",
                                          "Ebb",      "Landfall",  "After",     "Ashes"};
  std::string out = R"({"scenes":[)";
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += ",";
    out += scene(i + 1, std::string(kTitles[i]), "finds thing " + std::to_string(i));
  }
  return out + "]}";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an outline as it was asked for") {
  const auto schema = json::parse(story::kOutlineSchema);
  REQUIRE(schema);
  const auto document = json::parse(outline(5));
  CHECK(llm::check_schema(*document, *schema).empty());
  for (const auto text : {story::kChaptersSchema, story::kIdeasSchema, story::kSetupSchema}) {
    CHECK(json::parse(text).has_value());
  }
  const auto scenes = story::read_outline(outline(5));
  REQUIRE(scenes);
  REQUIRE(scenes->size() == 5);
  CHECK(scenes->front().title == "The Door");
  CHECK(scenes->front().characters == std::vector<std::string>{"Mara"});
  const auto stored = json::parse(story::plans_json(*scenes));
  REQUIRE(stored);
  CHECK(story::scene_plan_of((*stored)[1]).key_events == (*scenes)[1].key_events);
  CHECK(story::outline_of(*stored).has_value());
}

TEST_CASE("outlines as models send them") {
  CHECK(story::read_outline("Sure! [Here] it is:\n```json\n" + outline(6) + "\n```\nEnjoy!"));
  CHECK(story::read_outline("<think>{\"scenes\":[]}</think>" + outline(7))->size() == 7);
  const std::string camel =
      R"({"storyOutline":[{"sceneNumber":"Scene 2","sceneTitle":"Scene 2: Rain","Summary":"It rains.",)"
      R"("keyEvents":"- Mara runs\n- Ansel falls","charactersInvolved":"Mara, Ansel"},)"
      R"({"sceneNumber":"1","name":"**The Door**","description":"Mara finds a door.","events":[{"event":"She knocks"}]},)"
      R"({"sceneNumber":3,"description":"The lamp goes out over the bay."},)"
      R"({"sceneNumber":4.0,"title":"Scene 4","key_events":["They row"]},)"
      R"({"sceneNumber":"5","title":"Landfall","description":"They land.","characters":["N/A"],"imagePrompt":"TBD"}]})";
  const auto scenes = story::read_outline(camel);
  REQUIRE(scenes);
  CHECK((*scenes)[0].title == "The Door");
  CHECK((*scenes)[0].key_events == std::vector<std::string>{"She knocks"});
  CHECK((*scenes)[1].title == "Rain");
  CHECK((*scenes)[1].key_events == std::vector<std::string>{"Mara runs", "Ansel falls"});
  CHECK((*scenes)[1].characters == std::vector<std::string>{"Mara", "Ansel"});
  CHECK((*scenes)[2].key_events.size() == 1);
  CHECK((*scenes)[3].title == "They row");
  CHECK((*scenes)[4].characters.empty());
  CHECK((*scenes)[4].image_prompt.empty());
  std::string keyed = "{";
  for (int i = 10; i >= 1; --i) {
    keyed += "\"scene_" + std::to_string(i) + "\":{\"title\":\"Title of " + std::to_string(i * 7) +
             " doors\",\"description\":\"Mara opens door " + std::to_string(i) + ".\"}" +
             (i > 1 ? "," : "}");
  }
  const auto by_key = story::read_outline(keyed);
  REQUIRE(by_key);
  CHECK((*by_key)[9].description == "Mara opens door 10.");
}

TEST_CASE("an outline that was cut off keeps its whole scenes") {
  const auto whole = outline(8);
  const auto cut = whole.substr(0, whole.rfind("narration") - 30);
  const auto scenes = story::read_outline(cut);
  REQUIRE(scenes);
  CHECK(scenes->size() == 7);
  const auto short_one = story::read_outline(whole.substr(0, whole.size() / 3));
  REQUIRE_FALSE(short_one);
  CHECK(short_one.error().code == ErrorCode::provider_malformed);
  CHECK(short_one.error().errors.front().message.find("cut off") != std::string::npos);
}

TEST_CASE("placeholders, empty and doubled scenes are refused, and the model is told") {
  for (const std::string_view title :
       {"Scene title", "Title", "TBD", "Scene 1 Title", "<title>", "[insert title]",
        "Titel der Szene", "Título de la escena"}) {
    CAPTURE(title);
    const auto refused = story::read_outline(replaced(outline(5), "The Door", title));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().errors.front().path == "scenes[0].title");
    CHECK(llm::correction_request(refused.error()).find("placeholder") != std::string::npos);
  }
  CHECK_FALSE(story::read_outline(replaced(outline(5), "[\"Mara\"]", "[\"Character 1\"]")));
  CHECK_FALSE(story::read_outline(replaced(outline(5), "Mara finds thing 0", "Key event 1")));
  CHECK_FALSE(story::read_outline(replaced(outline(5), "finds thing 1", "finds thing 0")));
  CHECK_FALSE(story::read_outline(outline(4)));
  CHECK_FALSE(story::read_outline(outline(11)));
  CHECK_FALSE(story::read_outline("I'd rather tell you a joke."));
  for (const std::string_view title :
       {"The Key", "The Name", "A Summary of Small Griefs", "Event Horizon", "The First Event",
        "None of Us", "Scene of the Crime"}) {
    CAPTURE(title);
    CHECK(story::read_outline(replaced(outline(5), "The Door", title)));
  }
}

TEST_CASE("chapters, ideas and a setup") {
  std::string chapters = R"({"title":"Salt","chapters":[)";
  for (int i = 1; i <= 10; ++i) {
    chapters += R"({"chapterNumber":")" + std::to_string(i) + R"(","title":"Chapter )" +
                std::to_string(i) + R"(: Tide )" + std::to_string(i) +
                R"(","summary":"The tide takes house )" + std::to_string(i) + R"(."})" +
                (i < 10 ? "," : "]}");
  }
  const auto plan = story::read_chapters(chapters, 10);
  REQUIRE(plan);
  CHECK(plan->title == "Salt");
  CHECK(plan->chapters[3].title == "Tide 4");
  CHECK(story::read_chapters(chapters, 11));
  CHECK_FALSE(story::read_chapters(chapters, 20));
  const auto ideas = story::read_ideas(
      R"([{"title":"A","idea":"One door.","whatsNew":"A sea."},{"title":"B","idea":"Two doors.","whatsNew":"A bay."},)"
      R"({"title":"C","idea":"Three doors.","whats_new":"A wreck."}])");
  REQUIRE(ideas);
  CHECK(ideas->size() == story::kIdeaCount);
  CHECK(json::parse(story::ideas_json(*ideas)).has_value());
  CHECK_FALSE(story::read_ideas(R"({"ideas":[{"title":"A","idea":"TBD","whats_new":"x"}]})"));
  const std::string setup =
      R"({"setup":{"persona":"Mystery Novelist","storySetting":"a bay","characters":["Mara","Ansel"],)"
      R"("plotElements":"a key","writingStyle":"Minimalist","tone":"Dark","pov":"First person",)"
      R"("audience":"Adults",
      "rating" : "PG", "ending" : "Twist", "length" : 1000, "title" : "Salt"
}
})";
  const auto read = story::read_setup("```json\n" + setup + "\n```");
  REQUIRE(read);
  CHECK(json::string_at(*read, "character_input") == "Mara Ansel");
  CHECK(json::string_at(*read, "story_length") == "1000");
  CHECK(read->size() == 12);
  CHECK_FALSE(story::read_setup(replaced(setup, "a bay", "TBD")));
}

TEST_CASE("hostile outlines") {
  CHECK_FALSE(story::read_outline(std::string(200'000, '[')));
  CHECK_FALSE(story::read_outline(std::string(200'000, '{')));
  CHECK_FALSE(
      story::read_outline(R"({"scenes":)" + std::string(5000, '[') + std::string(5000, ']') + "}"));
  CHECK_FALSE(story::read_outline("\xFF\xFE\0{\"scenes\":[1,2,3,4,5]}"s));
  CHECK_FALSE(story::read_outline(R"({"scenes":[null,1,"x",[],{}]})"));
  const auto odd =
      story::read_outline(replaced(replaced(outline(5), "finds thing 0", R"(a\u0000b\ud800\n)"),
                                   "\"number\":1,", "\"number\":1e300,"));
  REQUIRE(odd);
  CHECK((*odd)[0].description.find('\0') == std::string::npos);
  const auto huge =
      story::read_outline(replaced(outline(5), "finds thing 0", std::string(2'000'000, 'x')));
  REQUIRE(huge);
  CHECK((*huge)[0].description.size() <= 4000);
}
