// Messages wait for the replies before them, and each can be cancelled alone.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

struct Dialogue {
  Dialogue() {
    chat.model.tell(kStory, 500);
    client.connect();
    chat.world.run_for(500);
  }
  void end() {
    client.leave();
    chat.world.run();
    CHECK(chat.world.unfinished_requests() == 0);
    CHECK(chat.world.open_exchanges() == 0);
    CHECK(client.faults().empty());
  }
  std::vector<std::string> questions() const {
    std::vector<std::string> told;
    for (const auto& message : chat.sessions.messages(*chat.sessions.only())) {
      if (message.role == "user") told.push_back(message.content);
    }
    return told;
  }
  RealtimeWorld chat{1};
  RealtimeClient client{chat, "demo123"};
};

}  // namespace

TEST_CASE("messages are answered one after another, in their order") {
  Dialogue dialogue;
  for (const std::string id : {"m1", "m2", "m3"}) dialogue.client.say(id, "Say " + id);
  dialogue.chat.world.run_for(60'000);
  for (const std::string id : {"m1", "m2", "m3"}) {
    CHECK(dialogue.client.reply(id).text == kStory);
    CHECK(dialogue.client.reply(id).done == 1);
  }
  CHECK(dialogue.questions() == std::vector<std::string>{"Say m1", "Say m2", "Say m3"});
  CHECK(dialogue.client.events().size() == 6);
  dialogue.end();
}

TEST_CASE("a message that waits is taken back alone") {
  Dialogue dialogue;
  for (const std::string id : {"m1", "m2", "m3"}) dialogue.client.say(id, "Say " + id);
  dialogue.chat.world.run_for(1'000);
  dialogue.client.cancel("m2");
  dialogue.chat.world.run_for(60'000);
  CHECK(dialogue.client.reply("m2").finish_reason == "cancelled");
  CHECK_FALSE(dialogue.client.reply("m2").is_accepted);
  CHECK(dialogue.client.reply("m1").text == kStory);
  CHECK(dialogue.client.reply("m3").text == kStory);
  CHECK(dialogue.questions() == std::vector<std::string>{"Say m1", "Say m3"});
  dialogue.end();
}

TEST_CASE("the running reply is cancelled at once; a late cancel does nothing") {
  Dialogue dialogue;
  dialogue.client.say("m1");
  dialogue.client.say("m2");
  dialogue.chat.world.run_for(2'000);
  dialogue.client.cancel("m1");
  dialogue.chat.world.run_for(100);
  const auto& reply = dialogue.client.reply("m1");
  CHECK(reply.finish_reason == "cancelled");
  CHECK(dialogue.chat.database.generations[0].status == "stopped");
  CHECK(dialogue.chat.database.generations[0].text() == reply.text);
  CHECK_FALSE(reply.text.empty());
  dialogue.chat.world.run_for(1'000);
  dialogue.client.cancel("m1");
  dialogue.client.cancel("m0");
  dialogue.chat.world.run_for(60'000);
  CHECK(dialogue.client.reply("m2").text == kStory);
  CHECK(dialogue.client.reply("m2").finish_reason == "stop");
  CHECK(reply.done == 1);
  dialogue.end();
}

TEST_CASE("a cancel at any moment stops its own reply or none") {
  for (std::int64_t after_ms = 0; after_ms < 400; after_ms += 7) {
    CAPTURE(after_ms);
    RealtimeWorld chat(1);
    chat.database.latency_ms = 30;
    chat.model.tell("A fox lived here.", 40);
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    client.say("m2");
    chat.world.run_for(after_ms);
    client.cancel("m1");
    chat.world.run_for(10'000);
    CHECK(client.reply("m1").done == 1);
    CHECK(client.reply("m2").finish_reason == "stop");
    CHECK(client.reply("m2").text == "A fox lived here.");
    const auto& first = chat.database.generations[0];
    if (client.reply("m1").finish_reason == "stop") CHECK(first.status == "complete");
    if (client.reply("m1").is_accepted) CHECK(client.reply("m1").text == first.text());
    client.leave();
    chat.world.run();
    CHECK(chat.world.unfinished_requests() == 0);
  }
}

TEST_CASE("a reply that another connection follows is cancelled from there") {
  for (const bool repeats : {false, true}) {
    CAPTURE(repeats);
    Dialogue dialogue;
    dialogue.client.say("m1");
    dialogue.chat.world.run_for(1'500);
    RealtimeClient other(dialogue.chat, "demo123", dialogue.client.token());
    other.connect();
    if (repeats) other.say("m1");
    dialogue.chat.world.run_for(1'000);
    other.cancel("m1");
    dialogue.chat.world.run_for(4'000);
    const auto& generation = dialogue.chat.database.generations[0];
    CHECK(generation.status == "stopped");
    CHECK(generation.text().size() < kStory.size());
    CHECK(dialogue.client.reply("m1").finish_reason == "cancelled");
    CHECK(other.reply("m1").finish_reason == "cancelled");
    CHECK(other.reply("m1").text == generation.text());
    CHECK(other.faults().empty());
    other.leave();
    dialogue.end();
  }
}

TEST_CASE("a reply that was sent again and is told from the database can be cancelled") {
  Dialogue dialogue;
  dialogue.client.say("m1");
  dialogue.chat.world.run_for(1'500);
  auto& other = dialogue.chat.open("demo123", "fabula.v1, " + dialogue.client.token());
  dialogue.chat.world.run_for(50);
  // Before the connection has seen the running reply.
  other.send_text(typed("message", R"("id":"m1","text":"Tell me.")"));
  dialogue.chat.world.run_for(1'000);
  other.send_text(typed("cancel", R"("id":"m1")"));
  dialogue.chat.world.run_for(4'000);
  CHECK(dialogue.chat.database.generations[0].status == "stopped");
  CHECK(text_in(last_of(other, "done"), "finish_reason") == "cancelled");
  other.close(1000);
  dialogue.end();
}
