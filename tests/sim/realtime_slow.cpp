// Clients that read slowly or not at all, say nothing, or say too much.
#include <doctest/doctest.h>

#include <numeric>
#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

std::string long_story() {
  std::string story;
  while (story.size() < 400'000) story += "letters to the sea, ";
  return story;
}

std::size_t bytes_of(const sim::Client& client) {
  std::size_t bytes = 0;
  for (const auto& message : client.received()) bytes += message.size();
  return bytes;
}

void check_end(RealtimeWorld& chat) {
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

// A socket that has said hello and one message, by hand.
sim::Client& begin(RealtimeWorld& chat) {
  auto& client = chat.open("demo123", "fabula.v1");
  chat.world.run_for(100);
  client.send_text(typed("hello"));
  chat.world.run_for(100);
  client.send_text(typed("message", R"("id":"m1","text":"Tell me.")"));
  return client;
}

}  // namespace

TEST_CASE("beyond 64 KB that are not acknowledged the server waits, and ends it after 30 s") {
  RealtimeWorld chat(1);
  chat.model.tell(long_story(), 0);
  auto& client = begin(chat);
  chat.world.run_for(29'000);
  CHECK(client.is_open());
  const auto sent = bytes_of(client);
  CHECK(sent >= 64 * 1024);
  CHECK(sent < 64 * 1024 + 40 * 1024);
  // The model is read no faster: the buffered part of its answer is limited.
  CHECK(chat.database.generations[0].status == "streaming");
  CHECK(chat.database.generations[0].text().size() < 200'000);
  chat.world.run_for(3'000);
  CHECK(client.close_code() == 1013);
  CHECK(client.close_reason() == "too_slow");
  check_end(chat);
  // The reply is finished without its reader.
  CHECK(chat.database.generations[0].status == "complete");
  CHECK(chat.database.generations[0].text() == long_story());
}

TEST_CASE("a client that acknowledges late gets all of it") {
  RealtimeWorld chat(1);
  chat.model.tell(long_story(), 0);
  RealtimeClient client(chat, "demo123");
  client.reaction_ms = 2'000;
  client.connect();
  client.say("m1");
  chat.world.run_for(300'000);
  CHECK(client.connections() == 1);
  CHECK(client.reply("m1").text == long_story());
  CHECK(client.reply("m1").done == 1);
  CHECK(client.faults().empty());
  client.leave();
  check_end(chat);
}

TEST_CASE("a client whose network takes nothing is disconnected, in both protocols") {
  for (const bool is_raw : {false, true}) {
    CAPTURE(is_raw);
    RealtimeWorld chat(1);
    chat.model.tell(long_story(), 0);
    auto& client = is_raw ? chat.open("demo123") : begin(chat);
    chat.world.run_for(100);
    client.take_only_messages(3);
    if (is_raw) client.send_text("Tell me.");
    chat.world.run_for(28'000);
    CHECK(client.is_open());
    CHECK(bytes_of(client) < 200'000);
    chat.world.run_for(5'000);
    CHECK(client.close_code() == 1013);
    check_end(chat);
    CHECK(chat.database.generations[0].text() == long_story());
  }
}

TEST_CASE("events wait too: a client that does not read a long log keeps nothing spinning") {
  RealtimeWorld chat(1);
  chat.sessions.page_events = 2;
  chat.model.tell(std::string(30'000, 'a'), 0);
  RealtimeClient client(chat, "demo123");
  client.connect();
  for (int i = 1; i <= 10; ++i) client.say("m" + std::to_string(i));
  chat.world.run_for(30'000);
  REQUIRE(client.events().size() == 20);
  auto& reader = chat.open("demo123", "fabula.v1, " + client.token());
  chat.world.run_for(100);
  reader.send_text(typed("hello", R"("last_event_id":1)"));
  const auto calls = chat.database.calls.size();
  chat.world.run_for(25'000);
  CHECK(reader.is_open());
  CHECK(bytes_of(reader) < 200'000);
  CHECK(chat.database.calls.size() < calls + 30);
  CHECK(reader.timers() < 100);
  chat.world.run_for(20'000);
  CHECK(reader.close_code() == 1013);
  client.leave();
  check_end(chat);
}

TEST_CASE("two pings without an answer end a connection; any message is an answer") {
  RealtimeWorld chat(1);
  RealtimeClient alive(chat, "demo123");
  alive.connect();
  chat.world.run_for(500);
  auto& dead = chat.open("demo123", "fabula.v1, " + alive.token());
  chat.world.run_for(100);
  dead.send_text(typed("hello"));
  chat.world.run_for(70'000);
  CHECK(dead.is_open());
  CHECK(of_type(dead, "ping").size() == 2);
  chat.world.run_for(10'000);
  CHECK(dead.close_code() == 1001);
  CHECK(dead.close_reason() == "no_answer");
  chat.world.run_for(600'000);
  CHECK(alive.connections() == 1);
  CHECK(alive.is_connected());
  alive.leave();
  check_end(chat);
}

TEST_CASE("a flood is told, then ends the connection with 1008, and costs the database nothing") {
  for (const bool is_raw : {false, true}) {
    for (const int messages : {250, 5'000}) {
      CAPTURE(is_raw);
      CAPTURE(messages);
      RealtimeWorld chat(1);
      auto& client = chat.open("demo123", is_raw ? "" : "fabula.v1");
      chat.world.run_for(100);
      client.send_text(typed("hello"));
      chat.world.run_for(100);
      for (int i = 0; i < messages; ++i) client.send_text(is_raw ? "a" : typed("ping"));
      chat.world.run_for(60'000);
      if (is_raw) {
        // Its messages are said one after another; too many that wait are refused.
        CHECK((client.close_code() == 1008 || client.close_code() == 1013));
      } else {
        CHECK(client.close_code() == 1008);
        CHECK(text_in(last_of(client, "error"), "code") == "rate_limited");
      }
      CHECK(client.close_reason() == "rate_limited");
      check_end(chat);
      CHECK(chat.database.generations.size() <= 1);
    }
  }
}

TEST_CASE("the messages that may wait are bounded, and the rest is refused one by one") {
  RealtimeWorld chat(1);
  chat.model.tell("A fox.", 5'000);
  auto& client = begin(chat);
  for (int i = 2; i <= 30; ++i) {
    client.send_text(typed("message", R"("id":"m)" + std::to_string(i) + R"(","text":"a")"));
  }
  chat.world.run_for(1'000);
  const auto refused = of_type(client, "error");
  CHECK(refused.size() == 13);
  CHECK(text_in(refused.front(), "id") == "m18");
  CHECK(text_in(refused.front(), "code") == "rate_limited");
  CHECK(client.is_open());
  client.close(1000);
  check_end(chat);
}

TEST_CASE("binary messages end it with 1003, oversized ones with 1009, whoever reads") {
  for (const bool is_raw : {false, true}) {
    for (const bool takes : {false, true}) {
      for (const std::uint32_t code : {1003u, 1009u}) {
        CAPTURE(is_raw);
        CAPTURE(takes);
        CAPTURE(code);
        RealtimeWorld chat(1);
        auto& client = chat.open("demo123", is_raw ? "" : "fabula.v1");
        chat.world.run_for(100);
        client.send_text(typed("hello"));
        if (!takes) client.take_only_messages(0);
        chat.world.run_for(100);
        if (code == 1003) {
          client.send_binary("\x01\x02");
        } else {
          client.send_text(std::string(256 * 1024 + 1, 'a'));
        }
        chat.world.run_for(10'000);
        CHECK(client.close_code() == code);
        CHECK_FALSE(client.close_reason().empty());
        check_end(chat);
      }
    }
  }
}
