// The messages of the companion's socket, read and written.
#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "shared/protocols/companion/socket_protocol.hpp"

using namespace fabula;
namespace event = turn::event;
namespace said = turn::said;

namespace {

constexpr std::string_view kId = "123e4567-e89b-12d3-a456-426614174000";

struct Connection {
  protocols::companion::SocketState state;
  protocols::companion::SocketProtocol protocol{"fabula.companion.v1", state};

  template <class T>
  T heard(const std::string& message) const {
    auto read = protocol.read(message);
    REQUIRE(read);
    auto* found = std::get_if<T>(&*read);
    REQUIRE(found);
    return std::move(*found);
  }
};

std::string with_id(std::string_view key) {
  return "\"" + std::string(key) + "\":\"" + std::string(kId) + "\"";
}

std::string told(turn::Framing& framing, const turn::Event& event) {
  std::string out;
  framing.write(out, event);
  return out;
}

turn::BegunTurn begun_turn() {
  turn::BegunTurn turn;
  turn.session_id = "c1";
  turn.character = turn::Character{.character_id = "k1"};
  return turn;
}

}  // namespace

TEST_CASE("a message that cannot be read is refused by its name") {
  const Connection connection;
  CHECK(connection.protocol.id_of_refused(R"({"type":"message","id":"m1","message":5})") == "m1");
  CHECK(connection.protocol.id_of_refused(R"({"type":"message","id":5,"message":"a"})").empty());
  CHECK(connection.protocol.id_of_refused("no JSON").empty());
}

TEST_CASE("what a client of a companion says") {
  const Connection connection;
  connection.heard<said::Ping>(R"({"type":"ping"})");
  const auto start = connection.heard<said::Start>(R"({"type":"start_conversation",)" +
                                                   with_id("character_id") + "}");
  CHECK(json::string_at(start.body, "character_id") == kId);
  const auto message = connection.heard<said::Message>(
      R"({"type":"message","id":"m1","message":"Caf\u00e9",)" + with_id("conversation_id") + "}");
  CHECK(message.id == "m1");
  CHECK(message.text == "Café");
  CHECK(json::string_at(message.body, "conversation_id") == kId);
  CHECK(connection.heard<said::Message>(R"({"type":"message","message":"Hi"})").id.empty());
  // A conversation that is started with its first message.
  const auto both =
      connection.heard<said::Message>(R"({"type":"start_conversation","message":"Hi"})");
  CHECK(json::string_at(both.body, "type") == "start_conversation");
}

TEST_CASE("what is no message of it is a fault that tells what to send") {
  const Connection connection;
  for (const std::string& bad :
       {std::string(), std::string("hi"), std::string("[]"), std::string("{}"), std::string("7"),
        std::string(R"({"type":"hello"})"), std::string(R"({"type":"message"})"),
        std::string(R"({"type":"message","message":" "})"),
        std::string(R"({"type":"message","message":7})"),
        std::string(R"({"type":"message","message":"a","id":""})"),
        std::string(R"({"type":"message","message":"a","conversation_id":"c1"})"),
        std::string(R"({"type":"start_conversation","character_id":"mara"})"),
        std::string(R"({"type":"start_conversation","user_id":7})"),
        R"({"type":"message","message":"a","id":")" + std::string(129, 'i') + "\"}",
        R"({"type":"message","message":")" + std::string(200'001, 'a') + "\"}"}) {
    CAPTURE(bad.substr(0, 100));
    const auto read = connection.protocol.read(bad);
    REQUIRE_FALSE(read);
    CHECK_FALSE(read.error().detail.empty());
    CHECK((read.error().code == ErrorCode::invalid_request ||
           read.error().code == ErrorCode::invalid_id ||
           read.error().code == ErrorCode::malformed_json));
  }
}

TEST_CASE("every message out has its type and the conversation") {
  Connection connection;
  std::string out;
  connection.protocol.pong(out);
  CHECK(out == R"({"type":"pong","conversation_id":null})");
  out.clear();
  connection.state.conversation_id = "c1";
  connection.protocol.pong(out);
  CHECK(out == R"({"type":"pong","conversation_id":"c1"})");
  out.clear();
  Problem problem(ErrorCode::invalid_request, "Send a text.", "never told");
  problem.errors.push_back({"/message", "is missing"});
  connection.protocol.refusal(out, "m1", problem);
  CHECK(out == R"({"type":"error","conversation_id":"c1","id":"m1","code":"invalid_request",)"
               R"("message":"Send a text.","retryable":false,)"
               R"("errors":[{"path":"/message","message":"is missing"}]})");
}

TEST_CASE("a new guest's token is told once, with the first conversation") {
  Connection connection;
  connection.state = {"c1", "fg_x"};
  std::string out;
  protocols::companion::write_started(out, connection.state, "k1", "Hello.");
  CHECK(out == R"({"type":"conversation_started","conversation_id":"c1","character_id":"k1",)"
               R"("greeting":"Hello.","guest_token":"fg_x"})");
  out.clear();
  protocols::companion::write_started(out, connection.state, "", "");
  CHECK(out == R"({"type":"conversation_started","conversation_id":"c1"})");
}

TEST_CASE("a reply of a new conversation: it is started, then tokens, then the whole message") {
  Connection connection;
  connection.state.new_guest_token = "fg_x";
  const auto framing = connection.protocol.framing({"m1", 0});
  const auto turn = begun_turn();
  CHECK(told(*framing, event::Begun{turn}) ==
        R"({"type":"conversation_started","conversation_id":"c1","character_id":"k1",)"
        R"("guest_token":"fg_x"})");
  CHECK(told(*framing, event::Text{"🦊 "}) ==
        R"({"type":"token","conversation_id":"c1","id":"m1","content":"🦊 "})");
  CHECK(told(*framing, event::Text{""}).empty());
  CHECK(told(*framing, event::Text{"\"Hi\""}) ==
        R"({"type":"token","conversation_id":"c1","id":"m1","content":"\"Hi\""})");
  CHECK(told(*framing, event::Beat{}).empty());
  CHECK(told(*framing, event::Stored{turn, "a1", "local", "scripted", {}, "stop", {}}).empty());
  CHECK(told(*framing, event::Finished{"stop"}) ==
        R"({"type":"message","conversation_id":"c1","id":"m1","role":"assistant",)"
        R"("content":"🦊 \"Hi\"","message_id":"a1","finish_reason":"stop"})");
  CHECK(told(*framing, event::ComeBack{}).empty());
}

TEST_CASE("a conversation that is known is not started again, another one is") {
  Connection connection;
  connection.state.conversation_id = "c1";
  auto turn = begun_turn();
  const auto same = connection.protocol.framing({});
  CHECK(told(*same, event::Begun{turn}).empty());
  CHECK(told(*same, event::Text{"a"}) ==
        R"({"type":"token","conversation_id":"c1","content":"a"})");
  turn.session_id = "c2";
  const auto other = connection.protocol.framing({});
  CHECK(told(*other, event::Begun{turn}) ==
        R"({"type":"conversation_started","conversation_id":"c2","character_id":"k1"})");
  CHECK(connection.state.conversation_id == "c2");
}

TEST_CASE(
    "a reply that fails says how much of it is stored, of which message, and when to try again") {
  Connection connection;
  connection.state.conversation_id = "c1";
  const auto framing = connection.protocol.framing({"m1", 0});
  Problem problem(ErrorCode::provider_error, "It broke off.", "never told");
  problem.retry_after_s = 7;
  CHECK(told(*framing, event::Failed{problem, 12, "u1"}) ==
        R"({"type":"error","conversation_id":"c1","id":"m1","code":"provider_error",)"
        R"("message":"It broke off.","retryable":true,"retry_after_ms":7000,"stored_bytes":12,)"
        R"("user_message_id":"u1"})");
}
