// The companion's socket: conversations begun and continued on one connection.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/sim/peers/companion_world.hpp"
#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox.";
const std::string kCharacter = "00000000-0000-4000-8000-00000000000c";
const std::string kOther = "00000000-0000-4000-8000-0000000000ff";

std::string member(std::string_view key, std::string_view value) {
  return "\"" + std::string(key) + "\":\"" + std::string(value) + "\"";
}

std::string joined_tokens(const sim::Client& client) {
  std::string text;
  for (const auto& token : of_type(client, "token")) text += text_in(token, "content");
  return text;
}

}  // namespace

TEST_CASE("a conversation is started with its greeting, and a new guest is told its token once") {
  CompanionWorld chat;
  auto& client = chat.open();
  REQUIRE(client.is_open());
  chat.send(client, "start_conversation", member("character_id", kCharacter));
  const auto started = last_of(client, "conversation_started");
  CHECK(text_in(started, "conversation_id") == kConversation);
  CHECK(text_in(started, "character_id") == kCharacter);
  CHECK(text_in(started, "greeting") == "Good evening.");
  CHECK(text_in(started, "guest_token").starts_with("fg_"));
  CHECK(chat.called("create_guest") == 1);
  chat.send(client, "start_conversation", member("conversation_id", kConversation));
  const auto again = last_of(client, "conversation_started");
  CHECK(of_type(client, "conversation_started").size() == 2);
  CHECK_FALSE(json::find(again, "greeting"));
  CHECK_FALSE(json::find(again, "guest_token"));
  CHECK(chat.called("start_conversation") == 1);
  chat.end(client);
}

TEST_CASE("a message is answered by tokens and the whole message, each with the conversation") {
  CompanionWorld chat;
  auto& client = chat.open();
  chat.send(client, "start_conversation");
  chat.send(client, "message", member("id", "m1") + "," + member("message", "Tell me."));
  CHECK(joined_tokens(client) == kStory);
  const auto whole = last_of(client, "message");
  CHECK(text_in(whole, "role") == "assistant");
  CHECK(text_in(whole, "content") == kStory);
  CHECK(text_in(whole, "id") == "m1");
  CHECK(text_in(whole, "message_id") == chat.database.generations.at(0).message_id);
  CHECK(text_in(whole, "finish_reason") == "stop");
  CHECK(of_type(client, "conversation_started").size() == 1);
  chat.send(client, "ping");
  CHECK(of_type(client, "pong").size() == 1);
  for (const auto& received : client.received()) {
    const auto message = json::parse(received);
    REQUIRE(message);
    CHECK_FALSE(text_in(*message, "type").empty());
    CHECK(text_in(*message, "conversation_id") == kConversation);
  }
  REQUIRE(chat.database.sessions.at(kConversation).size() == 2);
  CHECK(chat.database.sessions.at(kConversation).back().content == kStory);
  chat.end(client);
}

TEST_CASE("a first message needs no start: it begins a conversation, which is told first") {
  for (const std::string_view type : {"message", "start_conversation"}) {
    CAPTURE(type);
    CompanionWorld chat;
    auto& client = chat.open();
    chat.send(client, type,
              member("message", "Tell me.") + "," + member("character_id", kCharacter));
    REQUIRE_FALSE(client.received().empty());
    const auto first = json::parse(client.received().front());
    CHECK(text_in(*first, "type") == "conversation_started");
    CHECK(text_in(*first, "guest_token").starts_with("fg_"));
    CHECK(text_in(*first, "conversation_id") == ScriptedDatabase::make_id(1));
    CHECK(joined_tokens(client) == kStory);
    // The next message continues it.
    chat.send(client, "message", member("message", "And then?"));
    CHECK(of_type(client, "message").size() == 2);
    CHECK(chat.database.sessions.size() == 1);
    CHECK(of_type(client, "conversation_started").size() == 1);
    chat.end(client);
  }
}

TEST_CASE("a conversation may be started with a message while another one is open") {
  CompanionWorld chat;
  auto& client = chat.open();
  chat.send(client, "message", member("message", "One."));
  chat.send(client, "start_conversation", member("message", "Two."));
  CHECK(chat.database.sessions.size() == 2);
  CHECK(of_type(client, "conversation_started").size() == 2);
  CHECK(text_in(last_of(client, "message"), "conversation_id") == ScriptedDatabase::make_id(2));
  chat.send(
      client, "message",
      member("message", "Three.") + "," + member("conversation_id", ScriptedDatabase::make_id(1)));
  CHECK(text_in(last_of(client, "message"), "conversation_id") == ScriptedDatabase::make_id(1));
  CHECK(chat.database.sessions.at(ScriptedDatabase::make_id(1)).size() == 4);
  chat.end(client);
}

TEST_CASE("a message right behind a start belongs to the conversation that is started") {
  CompanionWorld chat;
  auto& client = chat.open();
  client.send_text(typed("start_conversation"));
  chat.send(client, "message", member("message", "Hello."));
  CHECK(text_in(chat.request_of("begin_turn"), "session_id") == kConversation);
  chat.end(client);
}

TEST_CASE("a message belongs to the conversation that was started last before it") {
  CompanionWorld chat;
  chat.database.sessions[kOther] = {};
  chat.database.functions["read_conversation"] = [](const json::Document& request) {
    const json::Document body = {{"id", text_in(request, "conversation_id")},
                                 {"character_id", nullptr},
                                 {"messages", json::Document::array()}};
    return ScriptedDatabase::Answer{200, json::dump(json::Document{{"body", body}})};
  };
  auto& client = chat.open();
  client.send_text(typed("start_conversation"));
  client.send_text(typed("message", member("id", "m1") + "," + member("message", "To the first.")));
  client.send_text(typed("message", member("id", "m2") + "," + member("message", "That too.")));
  client.send_text(typed("start_conversation", member("conversation_id", kOther)));
  client.send_text(typed("message", member("id", "m3") + "," + member("message", "To the other.")));
  chat.world.run_for(20'000);
  REQUIRE(chat.database.sessions.at(kConversation).size() == 4);
  CHECK(chat.database.sessions.at(kConversation)[0].content == "To the first.");
  CHECK(chat.database.sessions.at(kConversation)[2].content == "That too.");
  REQUIRE(chat.database.sessions.at(kOther).size() == 2);
  CHECK(chat.database.sessions.at(kOther)[0].content == "To the other.");
  chat.end(client);
}

TEST_CASE("a conversation that is started while a reply runs does not take the reply over") {
  CompanionWorld chat;
  chat.model.tell(kStory, 500);
  auto& client = chat.open();
  client.send_text(typed("message", member("id", "m1") + "," + member("message", "Tell me.")));
  chat.world.run_for(2'000);
  REQUIRE_FALSE(of_type(client, "token").empty());
  REQUIRE(of_type(client, "message").empty());
  client.send_text(typed("start_conversation"));
  chat.world.run_for(500);
  // It is started at once.
  CHECK(text_in(last_of(client, "conversation_started"), "conversation_id") == kConversation);
  REQUIRE(of_type(client, "message").empty());
  chat.world.run_for(20'000);
  for (const auto& token : of_type(client, "token")) {
    CHECK(text_in(token, "conversation_id") == ScriptedDatabase::make_id(1));
  }
  CHECK(text_in(last_of(client, "message"), "conversation_id") == ScriptedDatabase::make_id(1));
  // The next message continues the conversation that was started last.
  chat.send(client, "message", member("message", "And you?"));
  CHECK(chat.database.sessions.at(kConversation).front().content == "And you?");
  chat.end(client);
}

TEST_CASE("messages are answered one after another, in their order") {
  CompanionWorld chat;
  auto& client = chat.open();
  chat.send(client, "start_conversation");
  for (const std::string id : {"m1", "m2", "m3"}) {
    client.send_text(typed("message", member("id", id) + "," + member("message", "Say " + id)));
  }
  chat.world.run_for(20'000);
  const auto replies = of_type(client, "message");
  REQUIRE(replies.size() == 3);
  CHECK(text_in(replies[0], "id") == "m1");
  CHECK(text_in(replies[2], "id") == "m3");
  const auto& messages = chat.database.sessions.at(kConversation);
  REQUIRE(messages.size() == 6);
  CHECK(messages[2].content == "Say m2");
  chat.end(client);
}

TEST_CASE("a repeated id is one turn, on the same connection and on the next") {
  CompanionWorld chat;
  auto& client = chat.open();
  chat.send(client, "start_conversation");
  const auto token = text_in(last_of(client, "conversation_started"), "guest_token");
  const auto message = member("id", "m1") + "," + member("message", "Tell me.") + "," +
                       member("conversation_id", kConversation);
  client.send_text(typed("message", message));
  chat.send(client, "message", message);
  CHECK(chat.model.exchanges.size() == 1);
  chat.end(client);
  auto& next = chat.open("fabula.companion.v1, " + token);
  CHECK(next.protocol() == "fabula.companion.v1");
  chat.send(next, "message", message);
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.database.generations.size() == 1);
  CHECK(joined_tokens(next) == kStory);
  CHECK(text_in(last_of(next, "message"), "content") == kStory);
  CHECK(chat.called("create_guest") == 1);
  chat.end(next);
}

TEST_CASE(
    "a repeated id without a conversation_id is one turn too, until a conversation is begun") {
  CompanionWorld chat;
  auto& client = chat.open();
  const auto message = member("id", "m1") + "," + member("message", "Tell me.");
  chat.send(client, "message", message);
  chat.send(client, "message", message);
  CHECK(chat.database.generations.size() == 1);
  CHECK(chat.model.exchanges.size() == 1);
  chat.end(client);
}

TEST_CASE("a message that begins a conversation is another one than a message of the same name") {
  CompanionWorld chat;
  auto& client = chat.open();
  chat.send(client, "start_conversation");
  chat.send(client, "message", member("id", "1") + "," + member("message", "Tell me."));
  chat.send(client, "start_conversation", member("id", "1") + "," + member("message", "Tell me."));
  CHECK(chat.database.generations.size() == 2);
  CHECK(text_in(last_of(client, "message"), "conversation_id") == ScriptedDatabase::make_id(1));
  chat.end(client);
}

TEST_CASE("what cannot be done is told, and the connection lives on") {
  CompanionWorld chat;
  auto& client = chat.open();
  for (const std::string bad : {"hello", "[]", R"({"type":"dance"})", R"({"type":"message"})",
                                R"({"type":"message","message":" "})",
                                R"({"type":"message","message":"a","conversation_id":"mine"})"}) {
    CAPTURE(bad);
    const auto errors = of_type(client, "error").size();
    client.send_text(bad);
    chat.world.run_for(200);
    REQUIRE(of_type(client, "error").size() == errors + 1);
    CHECK(json::find(last_of(client, "error"), "conversation_id"));
  }
  chat.send(client, "start_conversation", member("conversation_id", kOther));
  CHECK(text_in(last_of(client, "error"), "code") == "not_found");
  chat.send(
      client, "message",
      member("id", "m1") + "," + member("message", "Hi") + "," + member("conversation_id", kOther));
  CHECK(text_in(last_of(client, "error"), "code") == "not_found");
  CHECK(text_in(last_of(client, "error"), "id") == "m1");
  chat.send(client, "message", member("message", "Tell me."));
  CHECK(joined_tokens(client) == kStory);
  chat.end(client);
}

TEST_CASE("a model that fails leaves an error, and what it has said is kept") {
  CompanionWorld chat;
  chat.model.pieces = {{20, text_event("Once ")}};
  chat.model.end = ModelAnswer::End::break_connection;
  auto& client = chat.open();
  chat.send(client, "start_conversation");
  chat.send(client, "message", member("id", "m1") + "," + member("message", "Tell me."));
  const auto error = last_of(client, "error");
  CHECK(text_in(error, "id") == "m1");
  CHECK(text_in(error, "conversation_id") == kConversation);
  CHECK(json::boolean_at(error, "retryable") == true);
  CHECK(of_type(client, "message").empty());
  CHECK(chat.database.sessions.at(kConversation).back().content == "Once ");
  CHECK_FALSE(chat.database.sessions.at(kConversation).back().is_complete);
  chat.end(client);
}

TEST_CASE("nobody speaks for somebody else") {
  CompanionWorld chat;
  auto& client = chat.open();
  // Only the database knows a guest's id: it gets the caller, and the user that the client claims
  // to be.
  chat.send(client, "start_conversation", member("user_id", kOther));
  CHECK(text_in(chat.request_of("start_conversation")["principal"], "kind") == "guest");
  CHECK(json::dump(chat.request_of("start_conversation")).find(kOther) == std::string::npos);
  chat.send(client, "message", member("message", "Hi") + "," + member("user_id", kOther));
  CHECK(text_in(chat.request_of("begin_turn"), "claimed_user_id") == kOther);
  chat.end(client);
}

TEST_CASE("a database that fails at the guest's making is told, and the socket closes") {
  CompanionWorld chat;
  chat.database.fault = [](const std::string& function) {
    return function == "create_guest" ? ScriptedDatabase::Fault::answer_503
                                      : ScriptedDatabase::Fault::none;
  };
  auto& client = chat.open();
  chat.world.run_for(20'000);
  CHECK_FALSE(client.is_open());
  CHECK(text_in(last_of(client, "error"), "code") == "database_unavailable");
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
}
