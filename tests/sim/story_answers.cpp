// Stories by models that break off, refuse, never stop, or write nonsense.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/sim/story_world.hpp"

using namespace fabula;
using namespace fabula::tests;

TEST_CASE("a model that breaks off: what it has written is kept, or another one is asked") {
  StoryWorld edge;
  edge.model.breaks_after = [&](std::size_t number) {
    return edge.model.systems[number].find("You are the author") != std::string::npos &&
                   number % 3 == 0
               ? 60
               : -1;
  };
  edge.finish();
  edge.check_whole();

  StoryWorld other;
  other.world.environment["MODEL_STORY"] = "ollama:first,local:scripted";
  StoryModel first(other.world, "http://127.0.0.1:11434/v1");
  first.status = 503;
  other.finish();
  other.check_whole();
  CHECK_FALSE(first.questions.empty());
  CHECK(other.story.result["model"] == "local:scripted");
}

TEST_CASE("a refusal, a scene told again and talk around it are asked for once more, then kept") {
  StoryWorld edge;
  bool has_refused = false;
  edge.model.instead = [&](std::size_t, const std::string& system) -> std::optional<std::string> {
    if (has_refused || system.find("You are the author") == std::string::npos) return std::nullopt;
    has_refused = true;
    return "I'm sorry, but I can't help with that request.";
  };
  edge.finish();
  edge.check_whole();
  CHECK(edge.story.rejected.size() == 1);
  CHECK(edge.model.questions.size() >= 2);
}

TEST_CASE("what is told of asking once more is the reason for it") {
  StoryWorld edge;
  bool has_erred = false;
  edge.model.instead = [&](std::size_t, const std::string& system) -> std::optional<std::string> {
    if (has_erred || system.find("You are the author") == std::string::npos) return std::nullopt;
    has_erred = true;
    std::string text;
    for (int line = 0; line < 8; ++line) {
      text +=
          "Der Sturm kam über die Insel, und niemand wusste, ob das Licht auf dem Turm in dieser "
          "Nacht noch einmal brennen würde. ";
    }
    return text + "Sie stieg die Treppe hinauf und";
  };
  edge.finish();
  edge.check_whole();
  int rejections = 0;
  for (const auto& result : edge.story.results) {
    if (!result.contains("rejected")) continue;
    ++rejections;
    // It has broken off too, which is no reason to ask again.
    CHECK(result["findings"][0]["rule"] == "truncated_end");
    const std::string message = result["message"];
    CAPTURE(message);
    CHECK(message.find("is asked for once more: The text is written in \"de\"") !=
          std::string::npos);
  }
  CHECK(rejections == 1);
}

TEST_CASE("an answer that goes on and on is ended, and cut at a sentence") {
  StoryWorld edge;
  edge.model.multiple = [] { return 30.0; };
  edge.finish();
  CHECK(edge.story.is_complete);
  int pieces = 0;
  for (const auto& result : edge.story.results) {
    if (!result.contains("made")) continue;
    ++pieces;
    const std::int64_t asked = result["asked"];
    CHECK(result["made"].get<std::int64_t>() <= asked * 5 / 2 + 120);
    CHECK(result["text"].get<std::string>().back() == '.');
  }
  CHECK(pieces >= 5);
}

TEST_CASE("an outline that is none is asked for again, with what was wrong") {
  StoryWorld edge;
  int outlines = 0;
  edge.model.instead = [&](std::size_t, const std::string& system) -> std::optional<std::string> {
    if (system.find("You plan the story") == std::string::npos || ++outlines > 1) {
      return std::nullopt;
    }
    return R"({"scenes":[{"number":1,"title":"Scene title","description":"TBD","characters":[],)"
           R"("key_events":[],"image_prompt":"","narration":""}]})";
  };
  edge.finish();
  edge.check_whole();
  CHECK(outlines == 2);
}

TEST_CASE("a story's server whose address has no version is found, and refused once") {
  StoryWorld edge;
  edge.world.environment["MODEL_CHAT"] = "custom:scripted";
  edge.world.environment["CUSTOM_BASE_URL"] = "http://writer.example";
  int misses = 0;
  edge.world.serve("http://writer.example/v1", [&](auto exchange) {
    ++misses;
    edge.world.clock().after(20, [exchange] {
      exchange->respond(404);
      exchange->send("404 page not found");
      exchange->end();
    });
  });
  StoryModel writer(edge.world, "http://writer.example");
  edge.finish();
  edge.check_whole();
  CHECK(misses == 1);
  CHECK(edge.model.questions.empty());
}

TEST_CASE("the server of chat's models is enough for stories") {
  for (const std::string provider : {"openai", "ollama"}) {
    CAPTURE(provider);
    StoryWorld edge;
    edge.world.environment["MODEL_CHAT"] = provider + ":scripted";
    edge.world.environment[provider == "openai" ? "OPENAI_BASE_URL" : "OLLAMA_BASE_URL"] =
        "http://own.example";
    StoryModel own(edge.world, "http://own.example/v1");
    edge.finish();
    edge.check_whole();
    CHECK(edge.model.questions.empty());
  }
}

TEST_CASE("what a model thinks is no part of a premise, a plan, a scene or what is asked next") {
  for (const std::string preface :
       {"<think>\nThe twist: Mara is dead.\n</think>\n\n", "[THINK]The twist: dead.[/THINK]",
        "Okay, the user wants a story. The twist: Mara is dead.\n</think>\n\n", "</think>\n\n"}) {
    CAPTURE(preface);
    StoryWorld edge;
    edge.model.preface = preface;
    edge.finish();
    edge.check_whole();
    CHECK(edge.story.rejected.empty());
    std::string told = edge.story.premise;
    for (const auto& result : edge.story.results) told += json::dump(result);
    for (const auto& question : edge.model.questions) told += question;
    for (const auto* mark : {"twist", "think>", "THINK]"}) {
      CHECK(told.find(mark) == std::string::npos);
    }
  }
}

TEST_CASE("an answer without a word is no part of a story: it is asked for once more") {
  for (const std::string answer :
       {"", " \n\u3000", "<think>A storm, perhaps.</think>", "<think>Never ended"}) {
    CAPTURE(answer);
    StoryWorld edge;
    std::set<std::string> answered;
    edge.model.instead = [&](std::size_t, const std::string& system) -> std::optional<std::string> {
      // Once of each kind of step.
      return answered.insert(system.substr(0, 60)).second ? std::optional(answer) : std::nullopt;
    };
    edge.finish();
    edge.check_whole();
    CHECK(answered.size() >= 4);
  }
}

TEST_CASE(
    "a failure that another attempt cannot help ends the task at once; others are tried again") {
  for (const std::uint32_t status : {400U, 401U, 402U, 403U, 404U}) {
    CAPTURE(status);
    StoryWorld edge;
    edge.model.status = status;
    edge.finish();
    CHECK(edge.story.status == "failed");
    CHECK(edge.story.failures == 1);
    CHECK(edge.story.error.starts_with("provider_"));
  }
  for (const std::uint32_t status : {429U, 500U, 503U}) {
    CAPTURE(status);
    StoryWorld edge;
    edge.model.status = status;
    edge.work();
    edge.world.run();
    CHECK(edge.story.failures == 1);
    CHECK(edge.story.status != "failed");
    edge.model.status = 200;
    edge.finish();
    edge.check_whole();
  }
}

TEST_CASE(
    "a premise that is cut within its first sentence is none; one with a whole sentence ends "
    "there") {
  StoryWorld edge;
  edge.story.route = "premise";
  edge.model.finish_reason = "length";
  edge.model.instead = [](std::size_t number, const std::string&) {
    return std::optional<std::string>(number == 0 ? "Mara finds a door and"
                                                  : "Mara finds a door. Behind it is");
  };
  edge.work();
  edge.world.run();
  CHECK(edge.story.failures == 1);
  CHECK(edge.story.error.starts_with("provider_incomplete: "));
  CHECK(edge.story.premise.empty());
  edge.finish();
  CHECK(edge.story.premise == "Mara finds a door.");
}

TEST_CASE("where a server reports no usage, the ledger has an estimate of what was written") {
  StoryWorld edge;
  edge.story.route = "premise";
  edge.model.reports_usage = false;
  edge.finish();
  REQUIRE(edge.story.model_calls.size() == 1);
  const auto& call = edge.story.model_calls.front();
  CHECK_FALSE(call.contains("output_tokens"));
  CHECK(call["estimated_output_tokens"] == (edge.story.premise.size() + 3) / 4 + 4);
}
