// A session over fabula.v1: a connection's messages about itself, its turns and those of others.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

}  // namespace

TEST_CASE("a new guest says something: ready, accepted, tokens, done, and the events of both") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 50);
  RealtimeClient client(chat, "demo123");
  client.connect();
  chat.world.run_for(1'000);
  REQUIRE(client.is_ready());
  const auto ready = last_of(client.socket(), "ready");
  CHECK(client.socket().protocol() == "fabula.v1");
  CHECK(text_in(ready, "session_id") == "demo123");
  CHECK(text_in(ready, "guest_token").starts_with("fg_"));
  CHECK(json::find(ready, "events")->empty());
  client.say("m1", "Tell me.");
  chat.world.run_for(10'000);
  const auto& reply = client.reply("m1");
  CHECK(reply.is_accepted);
  CHECK(reply.text == kStory);
  CHECK(reply.done == 1);
  CHECK(reply.finish_reason == "stop");
  CHECK(client.events().size() == 2);
  const auto* session = chat.sessions.only();
  REQUIRE(session);
  CHECK(session->connections.size() == 1);
  CHECK(chat.sessions.messages(*session).back().content == kStory);
  CHECK(session->events.front().client_id == "m1");
  const auto done = last_of(client.socket(), "done");
  CHECK(text_in(done, "id") == "m1");
  CHECK(text_in(done, "message_id") == session->events.back().message_id);
  client.leave();
  chat.world.run();
  CHECK(session->connections.empty());
  CHECK(client.faults().empty());
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

TEST_CASE("a client that knows events which never were hears those that come") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 5);
  auto& client = chat.open("demo123", "fabula.v1");
  chat.world.run_for(100);
  client.send_text(typed("hello", R"("last_event_id":1000000)"));
  chat.world.run_for(1'000);
  REQUIRE(of_type(client, "ready").size() == 1);
  client.send_text(typed("message", R"("id":"m1","text":"Tell me.")"));
  chat.world.run_for(5'000);
  CHECK(of_type(client, "done").size() == 1);
  CHECK(of_type(client, "event").size() == 2);
  client.close(1000);
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("a session is resumed by its name: hello with the last event gets what came since") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 5);
  RealtimeClient client(chat, "demo123");
  client.connect();
  client.say("m1");
  chat.world.run_for(5'000);
  client.drop();
  chat.world.run_for(5'000);
  REQUIRE(client.is_ready());
  CHECK(json::find(last_of(client.socket(), "ready"), "events")->empty());
  CHECK(text_in(last_of(client.socket(), "ready"), "guest_token").empty());
  // A page that knows nothing gets all of it.
  RealtimeClient page(chat, "demo123", client.token());
  page.connect();
  chat.world.run_for(1'000);
  const auto ready = last_of(page.socket(), "ready");
  REQUIRE(json::find(ready, "events")->size() == 2);
  CHECK(text_in((*json::find(ready, "events"))[1], "content") == kStory);
  CHECK(chat.sessions.only()->connections.size() == 2);
  page.leave();
  client.leave();
  chat.world.run();
}

TEST_CASE("many events come in pages, each once and in their order") {
  RealtimeWorld chat(1);
  chat.sessions.page_events = 3;
  chat.model.tell("A fox.", 1);
  RealtimeClient client(chat, "demo123");
  client.connect();
  for (int i = 1; i <= 8; ++i) client.say("m" + std::to_string(i));
  chat.world.run_for(60'000);
  REQUIRE(client.events().size() == 16);
  RealtimeClient page(chat, "demo123", client.token());
  auto& socket = chat.open("demo123", "fabula.v1, " + client.token());
  chat.world.run_for(100);
  socket.send_text(typed("hello", R"("last_event_id":2)"));
  chat.world.run_for(5'000);
  const auto ready = last_of(socket, "ready");
  CHECK(json::find(ready, "events")->size() == 3);
  CHECK(json::boolean_at(ready, "has_more") == true);
  const auto rest = of_type(socket, "event");
  REQUIRE(rest.size() == 11);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    CHECK(json::integer_at(*json::find(rest[i], "event"), "id") ==
          static_cast<std::int64_t>(i) + 6);
  }
  socket.close(1000);
  client.leave();
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("a message says 200,000 bytes, but not more") {
  RealtimeWorld chat(1);
  chat.model.tell("A fox.", 1);
  RealtimeClient client(chat, "demo123");
  client.connect();
  client.say("m1", std::string(200'000, 'a'));
  client.say("m2", std::string(200'001, 'a'));
  chat.world.run_for(10'000);
  CHECK(client.reply("m1").done == 1);
  const auto* session = chat.sessions.only();
  REQUIRE(session);
  REQUIRE(chat.sessions.messages(*session).size() == 2);
  CHECK(chat.sessions.messages(*session).front().content.size() == 200'000);
  CHECK_FALSE(client.reply("m2").is_accepted);
  CHECK(text_in(last_of(client.socket(), "error"), "code") == "invalid_request");
  CHECK(client.is_connected());
  client.leave();
  chat.world.run();
}

TEST_CASE("what is no message of the protocol is told, and the connection lives on") {
  RealtimeWorld chat(1);
  auto& socket = chat.open("demo123", "fabula.v1");
  chat.world.run_for(100);
  for (const std::string bad :
       {"", "Hello", "[]", "null", R"({"type":"dance"})", R"({"type":"message","id":"m1"})",
        R"({"type":"message","id":"","text":"a"})", R"({"type":"message","id":7,"text":"a"})",
        R"({"type":"ack","bytes":-1})", R"({"type":"ack","bytes":999999})", R"({"type":"cancel"})",
        R"({"type":"hello","last_event_id":"x"})", "{\"type\":\"ping\""}) {
    CAPTURE(bad);
    const auto errors = of_type(socket, "error").size();
    socket.send_text(bad);
    chat.world.run_for(200);
    CHECK(of_type(socket, "error").size() == errors + 1);
    CHECK_FALSE(text_in(last_of(socket, "error"), "message").empty());
  }
  socket.send_text(typed("ping"));
  chat.world.run_for(100);
  CHECK(of_type(socket, "pong").size() == 1);
  CHECK(socket.is_open());
  socket.close(1000);
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
}
