// The job that writes a story, from its premise to its end: with workers that die anywhere, models
// that break off or write nonsense, and people who cancel or watch.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "functions/tasks/tasks.hpp"
#include "shared/story/length.hpp"
#include "tests/sim/peers/chat_client.hpp"
#include "tests/sim/peers/scripted_novel.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/watch.hpp"
#include "wasm/runtime/host.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

constexpr const char* kRun =
    "POST http://edge/functions/v1/tasks/run\napikey: sb_secret_simulated\n";
// Longer than any lease.
constexpr std::int64_t kLeaseMs = 80'000;

struct StoryWorld {
  explicit StoryWorld(std::uint64_t seed = 1) : world(seed) {
    world.environment = {{"SUPABASE_URL", "http://db"},
                         {"SUPABASE_SECRET_KEYS", R"({"default":"sb_secret_simulated"})"},
                         {"SUPABASE_PUBLISHABLE_KEYS", R"({"default":"sb_publishable_simulated"})"},
                         {"FABULA_ENV", "development"},
                         {"FABULA_JWT_SECRET", "a secret of the simulation, 32 bytes"},
                         {"MODEL_CHAT", "local:scripted"},
                         {"LOCAL_BASE_URL", "http://127.0.0.1:9/v1"}};
  }

  sim::Client& work() {
    return world.call(&tasks_function::handle, kRun, R"({"kinds":["story"]})");
  }

  // Works until the job is over.
  void finish() {
    for (int round = 0; round < 60 && !story.is_over(); ++round) {
      work();
      world.run();
      if (!story.is_over()) world.run_for(kLeaseMs);
    }
    REQUIRE(story.is_over());
    CHECK(world.unfinished_requests() == 0);
  }

  // Every scene is there, once, with its event; nothing of another one.
  void check_whole() const {
    REQUIRE(story.scenes.size() == 5);
    std::set<std::string> sentences;
    for (const auto& scene : story.scenes) {
      CHECK(scene.times_stored == 1);
      const std::string event = scene.plan["key_events"][0];
      const auto first = scene.text.find(event);
      CHECK(first != std::string::npos);
      CHECK(scene.text.find(event, first + 1) == std::string::npos);
    }
    CHECK(story.is_complete);
    const auto written = static_cast<double>(story.length_written());
    CHECK(written >= 0.9 * static_cast<double>(story.settings.target_words));
    CHECK(written <= 1.1 * static_cast<double>(story.settings.target_words));
  }

  sim::World world;
  ScriptedDatabase database{world};
  ScriptedNovel story{world, database};
  StoryModel model{world};
};

// Hears what a watcher is told.
struct Heard final : engine::WatchSink {
  std::string text;
  int restarts = 0;
  int parts = 0;
  std::string status;
  std::int64_t progress = 0;
  story::WatchPlace place;
  bool is_gone = false;

  void on_task(const json::Document& task, const story::WatchPlace& where) override {
    status = json::string_at(task, "status").value_or("");
    const auto now = json::integer_at(task, "progress").value_or(0);
    CHECK(now >= progress);
    progress = now;
    place = where;
  }
  void on_event(std::string_view type, const json::Document&,
                const story::WatchPlace& where) override {
    CHECK(where.event == place.event + 1);
    parts += type == "part" ? 1 : 0;
    place = where;
  }
  void on_text(const engine::StepText& more, const story::WatchPlace& where) override {
    CHECK(where.bytes == more.from_byte + more.text.size());
    if (more.step == place.step && more.attempt == place.attempt) {
      CHECK(more.from_byte == place.bytes);
    }
    text += more.text;
    place = where;
  }
  void on_restart(const engine::StepText&, const story::WatchPlace&) override { ++restarts; }
  runtime::Task<bool> flush() override { co_return !is_gone; }
};

struct Watching {
  Heard* heard = nullptr;
  engine::WatchRequest request;
  std::string error;
  bool has_ended = false;
} watching;

runtime::Task<void> watch(runtime::Context& context) {
  engine::Call call(context, "story");
  REQUIRE(call.read_head());
  REQUIRE(call.read_settings());
  auto request = watching.request;
  request.until_ms = runtime::now_ms(context) + 600'000;
  const auto watched =
      co_await runtime::attempt(engine::watch_story(call, request, *watching.heard));
  if (watched) {
    watching.has_ended = watched->has_ended;
  } else {
    watching.error = facts(watched.error().code).name;
  }
  co_await call.send({});
}

sim::Client& begin_watching(StoryWorld& edge, Heard& heard) {
  watching = {};
  watching.heard = &heard;
  watching.request.task_id = ScriptedNovel::kJob;
  watching.request.from = heard.place;
  return edge.world.call(&watch, "GET http://edge/functions/v1/story/task\n");
}

}  // namespace

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
  // The saved text has become the first piece; the next request goes on from it.
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

TEST_CASE("who watches a story works on it, and hears its text as it comes") {
  StoryWorld edge;
  Heard heard;
  begin_watching(edge, heard);
  edge.world.run();
  CHECK(watching.has_ended);
  CHECK(heard.status == "completed");
  CHECK(heard.progress == 100);
  CHECK(heard.parts == 5);
  CHECK(heard.restarts == 0);
  edge.check_whole();
  for (const auto& scene : edge.story.scenes) {
    CHECK(heard.text.find(scene.text.substr(0, 60)) != std::string::npos);
  }
}

TEST_CASE("a watcher who comes later goes on where another one has left") {
  StoryWorld edge;
  edge.model.gap_ms = 500;
  Heard heard;
  begin_watching(edge, heard);
  while (heard.parts < 2 || heard.place.bytes < 100) edge.world.run_for(100);
  heard.is_gone = true;
  edge.world.run();
  CHECK_FALSE(watching.has_ended);
  heard.is_gone = false;
  begin_watching(edge, heard);
  edge.world.run();
  CHECK(watching.has_ended);
  CHECK(heard.parts == 5);
  CHECK(watching.error.empty());
}

TEST_CASE("nobody watches a story that is not there") {
  StoryWorld edge;
  Heard heard;
  begin_watching(edge, heard);
  watching.request.task_id = "00000000-0000-4000-8000-0000000000bb";
  edge.world.run();
  CHECK(watching.error == "not_found");
}
