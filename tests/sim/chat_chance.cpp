// Thousands of turns with faults by chance, and what must hold whatever happened.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;
using fabula::tests::ScriptedModel;
using Fault = ScriptedDatabase::Fault;

namespace {

constexpr std::uint64_t kRuns = 3000;

std::string random_story(sim::Random& random) {
  constexpr std::array kWords = {"fox ", "sea\n",     "\"quoted\" ", "café ",
                                 "🦊 ",  "letters, ", "e\u0301 ",    "漢字 "};
  std::string story;
  for (auto left = random.between(1, 60); left > 0; --left) {
    story += kWords[static_cast<std::size_t>(random.between(0, kWords.size() - 1))];
  }
  return story;
}

// Whole answers, answers cut anywhere, and answers that never end.
std::string script_model(ScriptedModel& model, sim::Random& random) {
  const auto story = random_story(random);
  model.head_after_ms = random.between(0, 3000);
  model.tell(story, random.between(0, 1500));
  if (random.chance(10)) model.status = 500;
  if (random.chance(30)) {
    model.pieces.resize(static_cast<std::size_t>(
        random.between(0, static_cast<std::int64_t>(model.pieces.size()))));
    model.end = random.chance(50)   ? ScriptedModel::End::close
                : random.chance(50) ? ScriptedModel::End::break_connection
                                    : ScriptedModel::End::stay_open;
  }
  return story;
}

void script_host(sim::World& world, sim::Random& random) {
  world.behaviour.longest_delay_ms = random.between(0, 30);
  world.behaviour.longest_read_bytes = static_cast<std::uint32_t>(random.between(0, 40));
  world.behaviour.host_traits = static_cast<std::uint32_t>(random.between(0, 1));
  world.behaviour.notices_leaving_after_ms = random.between(0, 50);
}

void script_database(ScriptedDatabase& database, sim::Random& random) {
  database.latency_ms = random.between(0, 400);
  const auto percent = static_cast<int>(random.between(0, 2)) * 20;
  database.fault = [&random, percent](const std::string&) {
    if (!random.chance(percent)) return Fault::none;
    return static_cast<Fault>(random.between(1, 5));
  };
}

}  // namespace

TEST_CASE("whatever happens, nothing that a client saw is lost and nothing stays open") {
  int complete = 0;
  int cut_short = 0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    ChatWorld chat(seed);
    auto& random = chat.world.random();
    const auto story = script_model(chat.model, random);
    script_host(chat.world, random);
    script_database(chat.database, random);
    auto& client = chat.post(R"({"text":"Tell me."})");
    bool was_killed = false;
    if (random.chance(25)) {
      chat.world.clock().after(random.between(0, 20'000), [&client] { client.leave(); });
    }
    if (random.chance(10)) {
      client.take_only(static_cast<std::size_t>(random.between(0, 300)));
      chat.world.clock().after(random.between(0, 40'000), [&client] { client.take_everything(); });
    }
    if (random.chance(10)) {
      chat.world.clock().after(random.between(0, 20'000),
                               [&chat] { chat.world.announce_end_of_isolate(); });
    }
    if (random.chance(10)) {
      chat.world.clock().after(random.between(0, 20'000), [&chat, &client, &was_killed] {
        was_killed = chat.world.unfinished_requests() > 0;
        chat.world.kill(client);
      });
    }
    chat.world.run();

    REQUIRE(chat.world.unfinished_requests() == 0);
    REQUIRE(chat.world.open_exchanges() == 0);
    const auto events = read_events(client);
    REQUIRE(story.starts_with(events.text));
    if (chat.database.generations.empty()) {
      REQUIRE(events.text.empty());
      continue;
    }
    REQUIRE(chat.database.generations.size() == 1);
    const auto& generation = chat.database.generations[0];
    const bool was_told_done = events.find("done") != nullptr;
    const bool was_stored = generation.status != "streaming";
    const auto stored = generation.text();
    REQUIRE(story.starts_with(stored));
    if (was_stored) REQUIRE(stored.starts_with(events.text));
    if (generation.status == "complete") REQUIRE(stored == story);
    if (was_told_done) {
      REQUIRE(generation.status == "complete");
      REQUIRE(events.text == story);
      ++complete;
    } else {
      ++cut_short;
    }
    const auto& messages = chat.database.sessions.begin()->second;
    REQUIRE(messages.size() == (was_stored && !stored.empty() ? 2 : 1));
    if (!was_killed && client.is_ended() && client.status() == 200) {
      REQUIRE((was_told_done || events.find("error") || generation.status == "stopped"));
    }
  }
  // The chances above leave both kinds common.
  CHECK(complete > 500);
  CHECK(cut_short > 500);
}
