// A story that is written by the tasks function in a simulated world.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>

#include "functions/tasks/tasks.hpp"
#include "tests/sim/peers/chat_client.hpp"
#include "tests/sim/peers/scripted_novel.hpp"

namespace fabula::tests {

inline constexpr const char* kRunTasks =
    "POST http://edge/functions/v1/tasks/run\napikey: sb_secret_simulated\n";
// Longer than any lease.
inline constexpr std::int64_t kLeaseMs = 80'000;

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
    return world.call(&tasks_function::handle, kRunTasks, R"({"kinds":["story"]})");
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

  // Every scene exists, once, with its event and no other scene's.
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

}  // namespace fabula::tests
