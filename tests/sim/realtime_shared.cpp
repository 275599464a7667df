// Several connections and requests in one session at once: nothing is lost, doubled or out of
// order, and each connection sees the others' actions.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

struct TwoTabs {
  TwoTabs() {
    chat.model.tell(kStory, 200);
    first.connect();
    chat.world.run_for(500);
    second = std::make_unique<RealtimeClient>(chat, "demo123", first.token());
    second->connect();
    chat.world.run_for(500);
  }
  void end() {
    first.leave();
    second->leave();
    chat.world.run();
    CHECK(chat.world.unfinished_requests() == 0);
    CHECK(chat.world.open_exchanges() == 0);
    CHECK(chat.sessions.only()->connections.empty());
    CHECK(chat.database.put_aside.empty());
    CHECK(first.faults().empty());
    CHECK(second->faults().empty());
    CHECK(first.events() == second->events());
  }
  RealtimeWorld chat{1};
  RealtimeClient first{chat, "demo123"};
  std::unique_ptr<RealtimeClient> second;
};

}  // namespace

TEST_CASE("two tabs say something at the same moment: one after the other, and both see both") {
  for (std::int64_t gap_ms = 0; gap_ms <= 40; gap_ms += 4) {
    CAPTURE(gap_ms);
    TwoTabs tabs;
    tabs.first.say("a1", "Say a1");
    tabs.chat.world.run_for(gap_ms);
    tabs.second->say("b1", "Say b1");
    tabs.first.say("a2", "Say a2");
    tabs.chat.world.run_for(90'000);
    const auto& messages = tabs.chat.sessions.messages(*tabs.chat.sessions.only());
    REQUIRE(messages.size() == 6);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      CHECK(messages[i].role == (i % 2 == 0 ? "user" : "assistant"));
    }
    for (const std::string id : {"a1", "a2"}) CHECK(tabs.first.reply(id).text == kStory);
    CHECK(tabs.second->reply("b1").text == kStory);
    CHECK(tabs.first.events().size() == 6);
    tabs.end();
  }
}

TEST_CASE("a tab sees another's turn within 30 s when idle, and its text within 2 s") {
  TwoTabs tabs;
  tabs.chat.model.tell(kStory, 5'000);
  tabs.first.say("a1", "Say a1");
  tabs.chat.world.run_for(30'000);
  REQUIRE(tabs.second->replies().count("a1") == 1);
  const auto& followed = tabs.second->reply("a1");
  for (int i = 0; i < 10; ++i) {
    const auto told = tabs.first.reply("a1").text;
    tabs.chat.world.run_for(2'000);
    CHECK(followed.text.size() >= told.size());
  }
  tabs.chat.world.run_for(60'000);
  CHECK(followed.text == kStory);
  CHECK(followed.done == 1);
  tabs.end();
}

TEST_CASE("while two tabs talk, each sees within seconds what is said in the other") {
  TwoTabs tabs;
  tabs.chat.model.tell("A fox.", 10);
  tabs.first.say("a1", "Say a1");
  tabs.chat.world.run_for(5'000);
  CHECK(tabs.first.events().size() == 2);
  for (std::size_t turn = 1; turn <= 3; ++turn) {
    tabs.second->say("b" + std::to_string(turn), "Say b");
    tabs.chat.world.run_for(5'000);
    CHECK(tabs.first.events().size() == 2 * turn + 2);
  }
  tabs.end();
}

TEST_CASE("who sends sees at once what was missed") {
  TwoTabs tabs;
  tabs.chat.model.tell("A fox.", 10);
  tabs.first.say("a1", "Say a1");
  tabs.chat.world.run_for(1'000);
  CHECK(tabs.second->events().empty());
  tabs.second->say("b1", "Say b1");
  tabs.chat.world.run_for(1'000);
  CHECK(tabs.second->events().size() == 4);
  tabs.chat.world.run_for(30'000);
  tabs.end();
}

TEST_CASE("a third who speaks over REST takes part in the same conversation") {
  TwoTabs tabs;
  tabs.first.say("a1", "Say a1");
  tabs.chat.world.run_for(500);
  const auto& session_id = tabs.chat.sessions.only()->id;
  const auto token = "authorization: Bearer " + tabs.first.token() + "\n";
  const auto body = json::dump(json::Document{{"text", "Say c1"}, {"session_id", session_id}});
  auto& refused = tabs.chat.post(body, token);
  tabs.chat.world.run_for(200);
  CHECK(refused.status() == 409);
  tabs.chat.world.run_for(10'000);
  auto& third = tabs.chat.post(body, token);
  tabs.chat.world.run_for(500);
  tabs.second->say("b1", "Say b1");
  tabs.chat.world.run_for(60'000);
  CHECK(read_events(third).text == kStory);
  const auto& messages = tabs.chat.sessions.messages(*tabs.chat.sessions.only());
  REQUIRE(messages.size() == 6);
  CHECK(messages[0].content == "Say a1");
  CHECK(messages[2].content == "Say c1");
  CHECK(messages[4].content == "Say b1");
  // Without a client's name it is called by its id; who wanted to speak has read along.
  CHECK(tabs.second->reply(messages[2].id).whole() == kStory);
  tabs.end();
}
