// Replies that continue when their client has left, because it requested that.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::read_events;
using fabula::tests::ScriptedModel;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";
const std::string kBody = R"({"text":"Tell me.","detach":true})";
const std::string kKey =
    "authorization: Bearer fg_" + std::string(43, 'A') + "\nidempotency-key: 8d5a\n";

}  // namespace

TEST_CASE("the client leaves: nothing more is written, the reply is read and stored to its end") {
  for (const std::uint32_t traits : {0u, 1u}) {
    CAPTURE(traits);
    ChatWorld chat(1);
    chat.world.behaviour.host_traits = traits;
    chat.model.tell(kStory, 900);
    auto& client = chat.post(kBody, kKey);
    chat.world.run_for(3'000);
    client.leave();
    const auto writes = client.writes();
    chat.world.run();
    CHECK(client.writes() <= writes + 1);  // the one by which it was noticed
    CHECK(chat.database.generations[0].status == "complete");
    CHECK(chat.database.sessions.begin()->second.back().content == kStory);
    CHECK_FALSE(chat.model.exchanges[0]->is_closed_by_guest());
    CHECK(chat.world.unfinished_requests() == 0);
    CHECK(chat.world.open_exchanges() == 0);

    auto& again = chat.post(kBody, kKey);
    chat.world.run();
    CHECK(read_events(again).text == kStory);
    CHECK(read_events(again).find("done"));
  }
}

TEST_CASE("it goes on before its first token as well, with the next model when it must") {
  ChatWorld chat(1);
  ScriptedModel second{chat.world, "http://127.0.0.1:11434/v1"};
  chat.world.environment["MODEL_CHAT"] = "local:first,ollama:second";
  chat.model.status = 401;
  chat.model.head_after_ms = 2'000;
  second.tell(kStory, 10);
  auto& client = chat.post(kBody);
  chat.world.run_for(1'000);
  client.leave();
  chat.world.run();
  CHECK(chat.database.generations[0].status == "complete");
  CHECK(chat.database.sessions.begin()->second.back().content == kStory);
}

TEST_CASE("who was left by its client can still be cancelled, and ends with its isolate") {
  for (const std::string status : {"stopped", "interrupted"}) {
    CAPTURE(status);
    ChatWorld chat(1);
    chat.model.tell(kStory, 1000);
    auto& client = chat.post(kBody);
    chat.world.run_for(3'500);
    client.leave();
    chat.world.run_for(1'000);
    if (status == "stopped") {
      chat.database.generations[0].cancel_requested = true;
    } else {
      chat.world.announce_end_of_isolate();
    }
    chat.world.run_for(5'000);
    CHECK(chat.database.generations[0].status == status);
    CHECK(chat.model.exchanges[0]->is_closed_by_guest());
    const auto& stored = chat.database.sessions.begin()->second.back().content;
    CHECK(kStory.starts_with(stored));
    CHECK(stored.size() > 10);
  }
}

TEST_CASE("a client that takes nothing holds a detached reply back until it leaves") {
  ChatWorld chat(1);
  std::string long_story;
  while (long_story.size() < 200'000) long_story += kStory + " ";
  chat.model.tell(long_story, 0);
  auto& client = chat.post(kBody);
  client.take_only(1000);
  chat.world.run_for(10'000);
  CHECK(chat.database.generations[0].status == "streaming");
  client.leave();
  chat.world.run();
  CHECK(chat.database.generations[0].status == "complete");
  CHECK(chat.database.sessions.begin()->second.back().content == long_story);
}
