// A message is one turn, however often and over whichever connection it is sent; a connection that
// drops loses nothing.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

void check_told_once(const RealtimeWorld& chat, const RealtimeClient& client) {
  const auto* session = chat.sessions.only();
  REQUIRE(session);
  REQUIRE(chat.sessions.messages(*session).size() == 2);
  CHECK(chat.sessions.messages(*session).back().content == kStory);
  CHECK(chat.database.generations.size() == 1);
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(client.reply("m1").whole() == kStory);
  CHECK(client.reply("m1").is_over());
  CHECK(client.events().size() == 2);
  CHECK(client.faults().empty());
}

void end(RealtimeWorld& chat, RealtimeClient& client) {
  client.leave();
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

}  // namespace

TEST_CASE("a repeated message is one turn: at once, while its reply runs, and after it") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 100);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  client.repeat("m1");
  chat.world.run_for(800);
  client.repeat("m1");
  chat.world.run_for(5'000);
  CHECK(client.reply("m1").done == 1);
  client.repeat("m1");
  chat.world.run_for(5'000);
  CHECK(client.reply("m1").done == 2);
  check_told_once(chat, client);
  end(chat, client);
}

TEST_CASE("a connection drops in the middle of a reply: the next one tells all of it") {
  for (const std::int64_t away_ms : {10, 300, 2'000, 30'000}) {
    CAPTURE(away_ms);
    RealtimeWorld chat(1);
    chat.model.tell(kStory, 500);
    RealtimeClient client(chat, "demo123");
    client.reconnect_ms = away_ms;
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    chat.world.run_for(3'000);
    CHECK_FALSE(client.reply("m1").text.empty());
    client.drop();
    chat.world.run_for(60'000);
    check_told_once(chat, client);
    // A client that was away until the end reads it in the event, or asks for it again.
    CHECK((client.reply("m1").done == 0) == (away_ms == 30'000));
    client.repeat("m1");
    chat.world.run_for(5'000);
    CHECK(client.reply("m1").text == kStory);
    check_told_once(chat, client);
    end(chat, client);
  }
}

TEST_CASE("a message that was sent just before the drop is sent again, and is one turn") {
  for (std::int64_t after_ms = 0; after_ms < 60; after_ms += 3) {
    CAPTURE(after_ms);
    RealtimeWorld chat(1);
    chat.database.latency_ms = 20;
    chat.model.tell(kStory, 20);
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    chat.world.run_for(after_ms);
    client.drop();
    chat.world.run_for(30'000);
    check_told_once(chat, client);
    end(chat, client);
  }
}

TEST_CASE("it is repeated over another connection while it runs") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 300);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  chat.world.run_for(1'500);
  RealtimeClient other(chat, "demo123", client.token());
  other.connect();
  other.say("m1");
  chat.world.run_for(60'000);
  check_told_once(chat, client);
  check_told_once(chat, other);
  CHECK(other.reply("m1").done == 1);
  other.leave();
  end(chat, client);
}
