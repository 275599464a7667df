// Isolates that end, with and without notice: the next connection continues in the middle of a
// reply.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";
const std::string kRest = " And then it slept.";

void check_whole(const RealtimeWorld& chat, const RealtimeClient& client) {
  const auto* session = chat.sessions.only();
  REQUIRE(session);
  const auto& messages = chat.sessions.messages(*session);
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].is_complete);
  CHECK(messages[1].content.ends_with(kRest));
  CHECK(
      kStory.starts_with(messages[1].content.substr(0, messages[1].content.size() - kRest.size())));
  CHECK(client.reply("m1").text == messages[1].content);
  CHECK(client.reply("m1").finish_reason == "stop");
  CHECK(client.reply("m1").error.empty());
  CHECK(client.replies().size() == 1);
  CHECK(client.faults().empty());
  CHECK(chat.database.generations.size() == 2);
}

void end(RealtimeWorld& chat, RealtimeClient& client) {
  client.leave();
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

// The first answer is the story, slowly; those after it are its rest.
void script(RealtimeWorld& chat) {
  ModelAnswer first;
  first.tell(kStory, 500);
  chat.model.first_answers = {first};
  chat.model.tell(kRest, 20);
}

}  // namespace

TEST_CASE("an idle connection is told to come back when its isolate ends") {
  RealtimeWorld chat(1);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(1'000);
  auto& socket = client.socket();
  chat.world.announce_end_of_isolate();
  chat.world.run_for(100);
  CHECK(socket.close_code() == 1012);
  const auto after_ms = json::integer_at(last_of(socket, "reconnect"), "after_ms");
  REQUIRE(after_ms);
  CHECK(*after_ms < 1'000);
  chat.world.run_for(5'000);
  CHECK(client.is_ready());
  CHECK(client.connections() == 2);
  end(chat, client);
}

TEST_CASE("a reply that breaks off with its isolate is continued by the next connection") {
  for (std::int64_t at_ms = 700; at_ms < 6'500; at_ms += 400) {
    CAPTURE(at_ms);
    RealtimeWorld chat(1);
    script(chat);
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    chat.world.run_for(at_ms);
    auto& socket = client.socket();
    chat.world.announce_end_of_isolate();
    chat.world.run_for(20'000);
    CHECK(socket.close_code() == 1012);
    check_whole(chat, client);
    // Only if nothing has come after it.
    for (const auto& request : chat.database.requests) {
      const auto action = json::string_at(request, "action").value_or("");
      const bool goes_on = action == "continue" || action == "regenerate";
      CHECK(json::boolean_at(request, "if_newest").value_or(false) == goes_on);
    }
    end(chat, client);
  }
}

TEST_CASE("also with a slow database, and when the client comes back before the end is stored") {
  for (const std::int64_t latency_ms : {0, 100, 400, 900}) {
    CAPTURE(latency_ms);
    RealtimeWorld chat(1);
    script(chat);
    chat.database.latency_ms = latency_ms;
    RealtimeClient client(chat, "demo123");
    client.reconnect_ms = 5;
    client.connect();
    chat.world.run_for(5'000);
    client.say("m1");
    chat.world.run_for(4'000);
    chat.world.announce_end_of_isolate(client.socket());
    chat.world.run_for(60'000);
    check_whole(chat, client);
    end(chat, client);
  }
}

TEST_CASE("an isolate that is killed: its reply is continued when its silence shows it") {
  RealtimeWorld chat(1);
  script(chat);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  chat.world.run_for(4'300);
  chat.world.kill(client.socket());
  chat.world.run_for(10'000);
  CHECK(client.is_ready());
  CHECK(client.reply("m1").done == 0);
  chat.world.run_for(30'000);
  check_whole(chat, client);
  end(chat, client);
}

TEST_CASE("a reply that had not begun when its isolate ended is made by the next connection") {
  for (const bool is_killed : {false, true}) {
    CAPTURE(is_killed);
    RealtimeWorld chat(1);
    ModelAnswer silent;
    silent.end = ModelAnswer::End::stay_open;
    chat.model.first_answers = {silent};
    chat.model.tell(kStory, 20);
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    chat.world.run_for(1'000);
    if (is_killed) {
      chat.world.kill(client.socket());
    } else {
      chat.world.announce_end_of_isolate();
    }
    chat.world.run_for(100'000);
    const auto& messages = chat.sessions.messages(*chat.sessions.only());
    REQUIRE(messages.size() == 2);
    CHECK(messages[1].content == kStory);
    CHECK(client.reply("m1").text == kStory);
    CHECK(client.reply("m1").finish_reason == "stop");
    CHECK(client.replies().size() == 1);
    end(chat, client);
  }
}

TEST_CASE("two connections continue a broken reply once") {
  RealtimeWorld chat(1);
  script(chat);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  RealtimeClient other(chat, "demo123", client.token());
  other.connect();
  client.say("m1");
  chat.world.run_for(2'700);
  chat.world.announce_end_of_isolate();
  chat.world.run_for(30'000);
  check_whole(chat, client);
  CHECK(other.reply("m1").whole() == client.reply("m1").text);
  CHECK(other.faults().empty());
  CHECK(chat.model.exchanges.size() == 2);
  other.leave();
  end(chat, client);
}

TEST_CASE("a client that has left does not keep an ending isolate busy") {
  RealtimeWorld chat(1);
  script(chat);
  chat.database.latency_ms = 500;
  RealtimeClient client(chat, "demo123");
  client.reconnects = false;
  client.connect();
  chat.world.run_for(3'000);
  client.say("m1");
  chat.world.run_for(3'000);
  client.drop();
  chat.world.run_for(100);
  chat.world.announce_end_of_isolate();
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.database.generations[0].status == "interrupted");
}

TEST_CASE("before its requests run out, a connection asks its client to come back") {
  RealtimeWorld chat(1);
  chat.world.environment["FABULA_SOCKET_SUBREQUESTS"] = "40";
  chat.model.tell("A fox lived here.", 300);
  RealtimeClient client(chat, "demo123");
  client.connect();
  for (int i = 1; i <= 12; ++i) client.say("m" + std::to_string(i), "Say " + std::to_string(i));
  chat.world.run_for(120'000);
  CHECK(client.connections() >= 3);
  const auto& messages = chat.sessions.messages(*chat.sessions.only());
  REQUIRE(messages.size() == 24);
  for (int i = 1; i <= 12; ++i) {
    const auto& reply = client.reply("m" + std::to_string(i));
    CHECK(reply.text == "A fox lived here.");
    CHECK(reply.done == 1);
    CHECK(messages[static_cast<std::size_t>(i) * 2 - 2].content == "Say " + std::to_string(i));
  }
  CHECK(client.faults().empty());
  end(chat, client);
}

TEST_CASE("also one that only reads along") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 8'000);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  chat.world.run_for(1'000);
  chat.world.environment["FABULA_SOCKET_SUBREQUESTS"] = "40";
  RealtimeClient other(chat, "demo123", client.token());
  other.connect();
  const auto calls = chat.database.calls.size();
  chat.world.run_for(120'000);
  CHECK(chat.database.calls.size() > calls + 100);
  CHECK(other.connections() >= 3);
  CHECK(other.reply("m1").whole() == kStory);
  other.leave();
  end(chat, client);
}
