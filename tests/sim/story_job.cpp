// The job that writes a story, from its premise to its end: with workers that die anywhere, answers
// of the database that get lost, and people who cancel.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/story_world.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

TEST_CASE("a premise is one step") {
  StoryWorld edge;
  edge.story.route = "premise";
  edge.finish();
  CHECK(edge.story.premise ==
        "Mara keeps the lighthouse and finds letters from a man who drowned.");
  CHECK(edge.model.questions.size() == 1);
  CHECK(edge.story.result["model"] == "local:scripted");
  CHECK(edge.story.result["prompt"] == "story_premise-1");
}

TEST_CASE("a full story is planned and written, scene by scene, as long as it was to be") {
  StoryWorld edge;
  edge.finish();
  edge.check_whole();
  CHECK(edge.story.failures == 0);
  CHECK(edge.story.rejected.empty());
  CHECK(edge.story.model_calls.size() == edge.model.questions.size());
}

TEST_CASE("a model that writes half or more than asked for changes nothing of the length") {
  for (const double multiple : {0.5, 1.6}) {
    StoryWorld edge;
    edge.model.multiple = [multiple] { return multiple; };
    edge.finish();
    edge.check_whole();
  }
}

TEST_CASE("a worker that dies anywhere loses no scene, doubles none, and asks once more at most") {
  StoryWorld usual;
  usual.finish();
  const auto calls = usual.model.questions.size();
  const auto duration_ms = usual.world.clock().now_ms();
  constexpr std::int64_t kStepMs = 733;
  const auto begin_ms = StoryWorld().world.clock().now_ms();
  for (std::int64_t at_ms = 1; at_ms < duration_ms - begin_ms; at_ms += kStepMs) {
    CAPTURE(at_ms);
    StoryWorld edge;
    // In one go: who is killed, is killed at this time of its work.
    sim::Client* client = &edge.work();
    auto left_ms = at_ms;
    while (left_ms > 0 && !edge.story.is_over()) {
      const auto now_ms = std::min<std::int64_t>(left_ms, 200);
      edge.world.run_for(now_ms);
      left_ms -= now_ms;
      if (client->is_ended()) client = &edge.work();
    }
    if (!client->is_ended()) edge.world.kill(*client);
    edge.finish();
    edge.check_whole();
    // A piece that was cut short is followed by a shorter one.
    CHECK(edge.model.questions.size() <= calls + 2);
  }
}

TEST_CASE("text of a worker that has died is taken up, and not asked for again") {
  StoryWorld edge;
  edge.model.gap_ms = 1'000;
  auto* client = &edge.work();
  while (edge.story.scenes.empty() || edge.database.calls.back() != "save_story_draft" ||
         edge.model.systems.back().find("You are the author") == std::string::npos) {
    edge.world.run_for(500);
    if (client->is_ended()) client = &edge.work();
  }
  edge.world.run_for(12'000);
  const auto asked = edge.model.questions.size();
  edge.world.kill(*client);
  edge.world.run_for(kLeaseMs);
  edge.work();
  edge.world.run_for(300);
  // The saved text has become the first piece; the next request continues from it.
  CHECK(edge.story.results.back()["did"] == "piece");
  CHECK_FALSE(edge.story.results.back().contains("model"));
  CHECK(edge.model.questions.size() == asked + 1);
  CHECK(edge.model.questions.back().find("TEXT OF THIS SCENE SO FAR") != std::string::npos);
  edge.world.run();
  edge.finish();
  CHECK(edge.story.is_complete);
}

TEST_CASE("a late worker is refused, and the scene is there once") {
  StoryWorld edge;
  bool is_late = false;
  edge.database.fault = [&](const std::string& function) {
    // The first scene's commit is sent when its lease is over and another worker has the step.
    if (function == "commit_step" && !is_late && !edge.story.scenes.empty()) {
      is_late = true;
      return Fault::refuse_connection;
    }
    return Fault::none;
  };
  edge.finish();
  edge.check_whole();
}

TEST_CASE("answers of the database that get lost, and calls that come twice, double nothing") {
  for (const auto kind : {Fault::lose_answer, Fault::answer_503, Fault::call_twice}) {
    for (const char* name : {"commit_step", "save_story_draft"}) {
      StoryWorld edge;
      int calls = 0;
      edge.database.fault = [&](const std::string& function) {
        return function == name && ++calls % 3 == 0 ? kind : Fault::none;
      };
      edge.finish();
      edge.check_whole();
    }
  }
}

TEST_CASE("a story that is cancelled while a model writes stops the model") {
  StoryWorld edge;
  edge.model.gap_ms = 1'000;
  auto* client = &edge.work();
  while (edge.story.scenes.empty() || edge.database.calls.back() != "save_story_draft") {
    edge.world.run_for(500);
    if (client->is_ended()) client = &edge.work();
  }
  edge.story.status = "cancelled";
  const auto cancelled_ms = edge.world.clock().now_ms();
  while (edge.world.unfinished_requests() > 0) edge.world.run_for(500);
  CHECK(edge.world.clock().now_ms() - cancelled_ms <= 8'000);
  CHECK(edge.story.refused > 0);
  // The usage is in the ledger all the same.
  CHECK(edge.story.model_calls.size() == edge.model.questions.size());
}
