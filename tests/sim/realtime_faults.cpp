// A database that is away or answers late, while connections open, speak and look.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

// The next `times` calls of a function have this fault.
void fail(RealtimeWorld& chat, std::string function, Fault fault, int times = 1) {
  chat.database.fault = [function = std::move(function), fault,
                         times](const std::string& called) mutable {
    return called == function && times-- > 0 ? fault : Fault::none;
  };
}

void end(RealtimeWorld& chat, RealtimeClient& client) {
  client.leave();
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
  CHECK(client.faults().empty());
}

void check_told(const RealtimeWorld& chat, const RealtimeClient& client) {
  const auto& messages = chat.sessions.messages(*chat.sessions.only());
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].content == kStory);
  CHECK(client.reply("m1").whole() == kStory);
}

}  // namespace

TEST_CASE("a database that is away when a connection opens: 1013, and the client comes back") {
  for (const auto fault : {Fault::answer_503, Fault::refuse_connection, Fault::never_answer}) {
    RealtimeWorld chat(1);
    chat.model.tell(kStory, 20);
    fail(chat, "open_realtime_session", fault, 2);
    RealtimeClient client(chat, "demo123");
    client.connect();
    client.say("m1");
    chat.world.run_for(100'000);
    CHECK(client.connections() == 2);
    check_told(chat, client);
    end(chat, client);
  }
}

TEST_CASE("a turn that could not begin is withdrawn, told, and begun again by its message") {
  for (const auto fault :
       {Fault::answer_503, Fault::refuse_connection, Fault::lose_answer, Fault::never_answer}) {
    CAPTURE(static_cast<int>(fault));
    RealtimeWorld chat(1);
    chat.model.tell(kStory, 20);
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    fail(chat, "begin_turn", fault, 6);
    client.say("m1");
    chat.world.run_for(200'000);
    CHECK(client.reply("m1").refused >= 1);
    CHECK(client.connections() == 1);
    check_told(chat, client);
    end(chat, client);
  }
}

TEST_CASE("a reply that was begun before and cannot be read now is told to be tried again") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 20);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  chat.world.run_for(5'000);
  fail(chat, "read_turn", Fault::answer_503, 1'000);
  client.repeat("m1");
  chat.world.run_for(60'000);
  const auto error = last_of(client.socket(), "error");
  CHECK(text_in(error, "id") == "m1");
  CHECK(text_in(error, "code") == "database_unavailable");
  CHECK(json::boolean_at(error, "retryable") == true);
  end(chat, client);
}

TEST_CASE("a reply that another writes and that cannot be read costs few calls") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 3'000);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  client.say("m1");
  chat.world.run_for(1'000);
  fail(chat, "read_turn", Fault::answer_503, 100'000);
  RealtimeClient other(chat, "demo123", client.token());
  other.connect();
  other.say("m1");
  const auto calls = chat.database.calls.size();
  chat.world.run_for(10'000);
  CHECK(chat.database.calls.size() < calls + 120);
  chat.database.fault = [](const auto&) { return Fault::none; };
  chat.world.run_for(60'000);
  CHECK(other.reply("m1").whole() == kStory);
  CHECK(other.faults().empty());
  other.leave();
  end(chat, client);
}

TEST_CASE("looks that fail are made up for by the next") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 20);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  fail(chat, "look_at_realtime_session", Fault::answer_garbage, 3);
  client.say("m1");
  chat.world.run_for(90'000);
  CHECK(client.events().size() == 2);
  check_told(chat, client);
  end(chat, client);
}

TEST_CASE("a turn that is withdrawn leaves no event, and its place is not seen") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 20);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(500);
  fail(chat, "begin_turn", Fault::lose_answer);
  client.say("m1");
  chat.world.run_for(1'000);
  CHECK(chat.database.withdrawn == 1);
  CHECK(chat.sessions.only()->events.empty());
  chat.world.run_for(60'000);
  check_told(chat, client);
  CHECK(chat.sessions.only()->events.size() == 2);
  CHECK(chat.sessions.only()->events.front().id > 1);
  end(chat, client);
}
