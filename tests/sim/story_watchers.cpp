// Those who watch a story work on it, and hear its text as it comes.
#include <doctest/doctest.h>

#include <string>

#include "functions/story/event_sink.hpp"
#include "tests/sim/story_world.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/watch.hpp"
#include "wasm/runtime/host.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

// Records a watcher's events.
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

runtime::Task<void> send_events(runtime::Context& context) {
  engine::Call call(context, "story");
  REQUIRE(call.read_head());
  story_function::EventSink sink(call);
  REQUIRE(sink.begin({}));
  sink.done("{}", {});
  co_await sink.end();
  CHECK(call.log().code.empty());
}

}  // namespace

TEST_CASE("a stream of events that ends well is logged as such") {
  StoryWorld edge;
  const auto& client = edge.world.call(&send_events, "GET http://edge/functions/v1/story/task\n");
  edge.world.run();
  CHECK(client.body().find("event: done") != std::string::npos);
  CHECK(client.body().find("event: error") == std::string::npos);
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
