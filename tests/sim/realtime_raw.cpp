// The protocol of document 001: text in, the reply's texts out, errors by closing.
#include <doctest/doctest.h>

#include <numeric>
#include <string>

#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

std::string joined(const sim::Client& client) {
  const auto& received = client.received();
  return std::accumulate(received.begin(), received.end(), std::string());
}

void check_end(RealtimeWorld& chat) {
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

}  // namespace

TEST_CASE("texts in, texts out, and nothing else") {
  for (const std::int64_t gap_ms : {0, 1, 60, 700}) {
    CAPTURE(gap_ms);
    RealtimeWorld chat(1);
    chat.model.tell(kStory, gap_ms);
    auto& client = chat.open("demo123");
    chat.world.run_for(200);
    REQUIRE(client.is_open());
    CHECK(client.protocol().empty());
    client.send_text("Tell me.");
    chat.world.run_for(60'000);
    CHECK(joined(client) == kStory);
    client.send_text("{\"type\":\"ping\"}");
    chat.world.run_for(60'000);
    CHECK(joined(client) == kStory + kStory);
    const auto& messages = chat.sessions.messages(*chat.sessions.only());
    REQUIRE(messages.size() == 4);
    CHECK(messages[2].content == "{\"type\":\"ping\"}");
    client.close(1000);
    check_end(chat);
  }
}

TEST_CASE("the same name without a token is another guest's session") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 10);
  for (int i = 0; i < 2; ++i) {
    auto& client = chat.open("demo123");
    chat.world.run_for(200);
    client.send_text("Tell me.");
    chat.world.run_for(5'000);
    CHECK(joined(client) == kStory);
    client.close(1000);
    chat.world.run();
  }
  CHECK(chat.sessions.sessions.size() == 2);
  check_end(chat);
}

TEST_CASE("ten idle minutes end it, but not while a reply runs") {
  RealtimeWorld chat(1);
  auto& client = chat.open("demo123");
  chat.world.run_for(599'000);
  CHECK(client.is_open());
  chat.model.tell(kStory, 5'000);
  client.send_text("Tell me.");
  chat.world.run_for(300'000);
  CHECK(client.is_open());
  CHECK(joined(client) == kStory);
  chat.world.run_for(400'000);
  CHECK(client.close_code() == 1000);
  CHECK(client.close_reason() == "idle");
  check_end(chat);
}

TEST_CASE("errors close it with their code as the reason") {
  struct Case {
    std::uint32_t status;
    std::uint32_t close_code;
    std::string reason;
  };
  for (const auto& [status, close_code, reason] :
       {Case{400, 1011, "provider_rejected"}, Case{401, 1011, "provider_auth"}}) {
    CAPTURE(status);
    RealtimeWorld chat(1);
    chat.model.status = status;
    chat.model.pieces = {{0, R"({"error":{"message":"no"}})"}};
    auto& client = chat.open("demo123");
    chat.world.run_for(200);
    client.send_text("Tell me.");
    check_end(chat);
    CHECK(joined(client).empty());
    CHECK(client.close_code() == close_code);
    CHECK_MESSAGE(!client.close_reason().empty(), client.close_reason());
    CHECK(client.close_reason() == chat.database.generations[0].error_code);
  }
}

TEST_CASE("what is no message closes it with 1008, a database that is away with 1013") {
  for (const std::string& bad :
       {std::string(), std::string("  \n"), std::string("a\0b", 3), std::string(200'001, 'a')}) {
    RealtimeWorld chat(1);
    auto& client = chat.open("demo123");
    chat.world.run_for(200);
    client.send_text(bad);
    check_end(chat);
    CHECK(client.close_code() == 1008);
    CHECK(client.close_reason() == "invalid_request");
  }
  for (const std::string away : {"open_realtime_session", "begin_turn"}) {
    CAPTURE(away);
    RealtimeWorld chat(1);
    chat.model.tell(kStory, 10);
    chat.database.fault = [&away](const std::string& function) {
      return function == away ? ScriptedDatabase::Fault::answer_503 : ScriptedDatabase::Fault::none;
    };
    auto& client = chat.open("demo123");
    chat.world.run_for(200);
    client.send_text("Tell me.");
    check_end(chat);
    CHECK(client.close_code() == 1013);
    CHECK(client.close_reason() == "database_unavailable");
  }
}

TEST_CASE("a reply that ends while the session is looked at is told once") {
  for (std::int64_t latency_ms = 0; latency_ms <= 200; latency_ms += 10) {
    CAPTURE(latency_ms);
    RealtimeWorld chat(1);
    chat.database.latency_ms = latency_ms;
    chat.world.behaviour.longest_delay_ms = 40;
    chat.model.tell("A fox.", 20);
    auto& client = chat.open("demo123");
    chat.world.run_for(2'000);
    client.send_text("Tell me.");
    chat.world.run_for(30'000);
    CHECK(joined(client) == "A fox.");
    CHECK(client.is_open());
    client.close(1000);
    check_end(chat);
  }
}

TEST_CASE("a client that comes back in the middle of a reply is told the rest or all of it") {
  RealtimeWorld chat(1);
  chat.model.tell(kStory, 500);
  auto& json = chat.open("demo123", "fabula.v1");
  chat.world.run_for(100);
  json.send_text(typed("hello"));
  chat.world.run_for(100);
  const auto token = text_in(last_of(json, "ready"), "guest_token");
  json.close(1000);
  auto& client = chat.open("demo123", {}, {}, "?token=" + token);
  chat.world.run_for(200);
  client.send_text("Tell me.");
  chat.world.run_for(3'000);
  client.leave();
  auto& again = chat.open("demo123", {}, {}, "?token=" + token);
  chat.world.run_for(60'000);
  CHECK(joined(again) == kStory);
  again.close(1000);
  check_end(chat);
}
