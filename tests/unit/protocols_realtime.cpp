// The messages of fabula.v1 and of the raw protocol, read and written.
#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "shared/protocols/realtime/json_framing.hpp"
#include "shared/protocols/realtime/json_protocol.hpp"
#include "shared/protocols/realtime/raw_protocol.hpp"

using namespace fabula;
using protocols::realtime::kJsonProtocol;
using protocols::realtime::kRawProtocol;

namespace {

template <class T>
T said(std::string_view message) {
  auto read = kJsonProtocol.read(message);
  REQUIRE(read);
  auto* found = std::get_if<T>(&*read);
  REQUIRE(found);
  return std::move(*found);
}

ErrorCode refused(const turn::SocketProtocol& protocol, std::string_view message) {
  const auto read = protocol.read(message);
  REQUIRE_FALSE(read);
  CHECK_FALSE(read.error().detail.empty());
  return read.error().code;
}

std::string written(turn::Framing& framing, const turn::Event& event) {
  std::string out;
  framing.write(out, event);
  return out;
}

}  // namespace

TEST_CASE("what a client of fabula.v1 says") {
  CHECK(kJsonProtocol.name() == "fabula.v1");
  CHECK_FALSE(said<turn::said::Hello>(R"({"type":"hello"})").last_event_id);
  CHECK(said<turn::said::Hello>(R"({"type":"hello","last_event_id":17})").last_event_id == 17);
  const auto message =
      said<turn::said::Message>(R"({"type":"message","id":"m1","text":"Caf\u00e9 \ud83e\udd8a"})");
  CHECK(message.id == "m1");
  CHECK(message.text == "Café 🦊");
  CHECK(said<turn::said::Cancel>(R"({"type":"cancel","id":"m1"})").id == "m1");
  CHECK(said<turn::said::Acknowledge>(R"({"type":"ack","bytes":65536})").bytes == 65'536);
  said<turn::said::Ping>(R"({"type":"ping"})");
  said<turn::said::Pong>(R"({"type":"pong"})");
}

TEST_CASE("a message that cannot be read is refused by its name, with the fields at fault") {
  const std::string message = R"({"type":"message","id":"m1","text":" "})";
  const auto read = kJsonProtocol.read(message);
  REQUIRE_FALSE(read);
  CHECK(kJsonProtocol.id_of_refused(message) == "m1");
  std::string out;
  kJsonProtocol.refusal(out, "m1", read.error());
  const auto told = json::parse(out);
  REQUIRE(told);
  CHECK(json::string_at(*told, "id") == "m1");
  CHECK((*told)["errors"][0]["path"] == "text");
  CHECK((*told)["errors"][0]["message"] != "");
  // Only a valid name of a message.
  for (const std::string& nameless :
       {std::string("no JSON"), std::string(R"({"type":"message","id":5,"text":"a"})"),
        std::string(R"({"type":"cancel","id":" "})"),
        R"({"type":"message","id":")" + std::string(129, 'i') + R"(","text":"a"})"}) {
    CAPTURE(nameless);
    CHECK(kJsonProtocol.id_of_refused(nameless).empty());
  }
  CHECK(kRawProtocol.id_of_refused("a text").empty());
}

TEST_CASE("the longest id and text are taken, longer ones are not") {
  const auto message = [](std::size_t id_bytes, std::size_t text_bytes) {
    return R"({"type":"message","id":")" + std::string(id_bytes, 'i') + R"(","text":")" +
           std::string(text_bytes, 't') + "\"}";
  };
  CHECK(said<turn::said::Message>(message(128, 200'000)).text.size() == 200'000);
  CHECK(refused(kJsonProtocol, message(129, 1)) == ErrorCode::invalid_request);
  CHECK(refused(kJsonProtocol, message(1, 200'001)) == ErrorCode::invalid_request);
}

TEST_CASE("what is no message is a fault") {
  for (const std::string_view bad :
       {"", "hello", "[]", "{}", R"({"type":"Hello"})", R"({"type":7})",
        R"({"type":"hello","last_event_id":-1})", R"({"type":"hello","last_event_id":1.5})",
        R"({"type":"message","text":"a"})", R"({"type":"message","id":"m1","text":" "})",
        R"({"type":"message","id":"m1","text":null})", R"({"type":"cancel","id":""})",
        R"({"type":"ack"})", R"({"type":"ack","bytes":"1"})", R"({"type":"ping"}{)"}) {
    CAPTURE(bad);
    const auto code = refused(kJsonProtocol, bad);
    CHECK((code == ErrorCode::invalid_request || code == ErrorCode::malformed_json));
  }
}

TEST_CASE("a reply is accepted, told with its offsets, and done") {
  const auto framing = kJsonProtocol.framing({"m1", 3});
  turn::BegunTurn turn;
  turn.stream_id = "s1";
  turn.user_message_id = "u1";
  turn.message_id = "a1";
  CHECK(
      written(*framing, turn::event::Begun{turn}) ==
      R"({"type":"accepted","id":"m1","stream_id":"s1","user_message_id":"u1","message_id":"a1"})");
  CHECK(written(*framing, turn::event::Text{"🦊"}) ==
        R"({"type":"token","id":"m1","text":"🦊","offset":3})");
  CHECK(written(*framing, turn::event::Text{"\"a\n"}) ==
        R"({"type":"token","id":"m1","text":"\"a\n","offset":7})");
  CHECK(written(*framing, turn::event::Text{""}).empty());
  CHECK(written(*framing, turn::event::Reasoning{"Hm."}) ==
        R"({"type":"reasoning","id":"m1","text":"Hm."})");
  CHECK(written(*framing, turn::event::Beat{}).empty());
  CHECK(written(*framing, turn::event::ComeBack{}).empty());
  CHECK(written(*framing, turn::event::Stored{turn, "a1", "local", "scripted", {}, "stop", {}})
            .empty());
  CHECK(written(*framing, turn::event::Finished{"stop"}) ==
        R"({"type":"done","id":"m1","message_id":"a1","finish_reason":"stop"})");
}

TEST_CASE(
    "a reply that fails says how much of it is stored, of which message, and when to try again") {
  const auto framing = kJsonProtocol.framing({"m1", 0});
  const Problem problem(ErrorCode::rate_limited, "Wait.", "never told");
  auto failed = problem;
  failed.retry_after_s = 7;
  CHECK(written(*framing, turn::event::Failed{failed, 12, "u1"}) ==
        R"({"type":"error","id":"m1","code":"rate_limited","message":"Wait.","retryable":true,)"
        R"("retry_after_ms":7000,"stored_bytes":12,"user_message_id":"u1"})");
  std::string out;
  kJsonProtocol.refusal(out, {}, problem);
  CHECK(out.find("\"id\"") == std::string::npos);
  CHECK(out.find("never told") == std::string::npos);
}

TEST_CASE("the messages about the connection itself") {
  std::string out;
  kJsonProtocol.ping(out);
  kJsonProtocol.pong(out);
  kJsonProtocol.reconnect(out, 250);
  kJsonProtocol.taken_back(out, "m2");
  CHECK(out == R"({"type":"ping"}{"type":"pong"}{"type":"reconnect","after_ms":250})"
               R"({"type":"done","id":"m2","finish_reason":"cancelled"})");
}

TEST_CASE("ready tells a new guest its token, and the events") {
  const std::vector<realtime::Event> events = {{.id = 4,
                                                .role = "user",
                                                .type = "message",
                                                .content = "Hi",
                                                .timestamp = "2026-11-29T00:00:00Z",
                                                .message_id = "u1",
                                                .client_id = "m1"}};
  std::string out;
  protocols::realtime::write_ready(out, {.session_id = "demo123",
                                         .user_id = "g1",
                                         .new_guest_token = "fg_x",
                                         .start_time = "2026-11-29T00:00:00Z",
                                         .last_event_id = 4,
                                         .events = events,
                                         .has_more = true,
                                         .running = "m1"});
  const auto ready = json::parse(out);
  REQUIRE(ready);
  CHECK(json::string_at(*ready, "guest_token") == "fg_x");
  CHECK(json::integer_at(*ready, "last_event_id") == 4);
  CHECK(json::string_at(*ready, "running") == "m1");
  CHECK(json::boolean_at(*ready, "has_more") == true);
  const auto& event = (*json::find(*ready, "events"))[0];
  CHECK(json::string_at(event, "client_id") == "m1");
  CHECK(json::string_at(event, "content") == "Hi");
}

TEST_CASE("the raw protocol is text in both directions") {
  CHECK(kRawProtocol.name().empty());
  CHECK(kRawProtocol.closes_on_problem());
  const auto read = kRawProtocol.read(R"({"type":"ping"})");
  REQUIRE(read);
  CHECK(std::get<turn::said::Message>(*read).text == R"({"type":"ping"})");
  CHECK(std::get<turn::said::Message>(*read).id.empty());
  CHECK(kRawProtocol.read(std::string(200'000, 'a')));
  for (const std::string& bad : {std::string(), std::string(" \n"), std::string(200'001, 'a'),
                                 std::string("a\0", 2), std::string("\xff")}) {
    CHECK(refused(kRawProtocol, bad) == ErrorCode::invalid_request);
  }
  const auto framing = kRawProtocol.framing({});
  turn::BegunTurn turn;
  CHECK(written(*framing, turn::event::Begun{turn}).empty());
  CHECK(written(*framing, turn::event::Text{"🦊 \""}) == "🦊 \"");
  CHECK(written(*framing, turn::event::Reasoning{"Hm."}).empty());
  CHECK(written(*framing, turn::event::Finished{"stop"}).empty());
  std::string out;
  kRawProtocol.ping(out);
  kRawProtocol.reconnect(out, 1);
  CHECK(out.empty());
}
