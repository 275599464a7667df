// Opening the socket of a realtime session: the sub-protocol, the origin, and who is calling.
#include <doctest/doctest.h>

#include <string>

#include "functions/realtime/realtime.hpp"
#include "tests/sim/peers/realtime_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kJson = "fabula.v1";
constexpr std::string_view kUser = "123e4567-e89b-12d3-a456-426614174000";

std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 63];
  return text;
}

// A user's token that ends so much later than now; the simulation finds its signature right.
std::string user_token(const RealtimeWorld& chat, std::int64_t left_s) {
  const auto now_s = const_cast<RealtimeWorld&>(chat).world.clock().now_ms() / 1000;
  const json::Document claims = {
      {"sub", kUser},        {"aud", "authenticated"},  {"exp", now_s + left_s},
      {"iat", now_s - 3600}, {"role", "authenticated"}, {"iss", "http://db/auth/v1"}};
  return base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(json::dump(claims)) + "." +
         base64url(std::string(32, 'x'));
}

struct SignedWorld : RealtimeWorld {
  SignedWorld() : RealtimeWorld(1) {
    world.verify = [](auto, auto signature) { return signature == std::string(32, 'x'); };
    model.tell("A fox.", 5);
  }
  // The caller's data in the database's request.
  json::Document principal() const {
    return database.requests.empty() ? json::Document()
                                     : *json::find(database.requests.back(), "principal");
  }
};

void check_end(RealtimeWorld& chat) {
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

}  // namespace

TEST_CASE("the address without an upgrade is answered with 426") {
  RealtimeWorld chat(1);
  auto& client = chat.world.call(&realtime_function::handle,
                                 "GET http://edge/functions/v1/realtime/ws/session/demo123\n");
  check_end(chat);
  CHECK(client.status() == 426);
  CHECK(client.body().find("upgrade_required") != std::string::npos);
  CHECK(chat.database.calls.empty());
}

TEST_CASE("other sub-protocols are refused, the first known one of a list is spoken") {
  RealtimeWorld chat(1);
  for (const std::string other : {"fabula.v2", "fabula.v2, fabula.v3", "chat"}) {
    CAPTURE(other);
    auto& client = chat.open("demo123", other);
    check_end(chat);
    CHECK_FALSE(client.is_accepted());
    CHECK(client.status() == 422);
    CHECK(client.body().find("fabula.v1") != std::string::npos);
  }
  auto& client = chat.open("demo123", "fabula.v2 , fabula.v1");
  chat.world.run_for(100);
  CHECK(client.is_open());
  CHECK(client.protocol() == kJson);
  client.close(1000);
  check_end(chat);
}

TEST_CASE("a page of another origin may not open it; one that was opened from a file may") {
  RealtimeWorld chat(1);
  chat.world.environment["FABULA_ALLOWED_ORIGINS"] = "https://a.example";
  auto& stranger = chat.open("demo123", kJson, "origin: https://evil.example\n");
  check_end(chat);
  CHECK_FALSE(stranger.is_accepted());
  CHECK(stranger.status() == 403);
  auto& listed = chat.open("demo123", kJson, "origin: https://a.example\n");
  chat.world.run_for(100);
  CHECK(listed.is_open());
  listed.close(1000);
  chat.world.environment.erase("FABULA_ALLOWED_ORIGINS");
  auto& file = chat.open("demo123", {}, "origin: null\n");
  chat.world.run_for(100);
  CHECK(file.is_open());
  file.close(1000);
  check_end(chat);
}

TEST_CASE("a token in the list, in the query and in a header names the same caller") {
  for (const int place : {0, 1, 2}) {
    CAPTURE(place);
    SignedWorld chat;
    const auto token = user_token(chat, 3600);
    auto& client = place == 0 ? chat.open("demo123", "fabula.v1, " + token)
                   : place == 1
                       ? chat.open("demo123", kJson, {}, "?token=" + token)
                       : chat.open("demo123", kJson, "authorization: Bearer " + token + "\n");
    chat.world.run_for(50);
    client.send_text(typed("hello"));
    chat.world.run_for(100);
    REQUIRE(client.is_open());
    CHECK(client.protocol() == kJson);
    CHECK(text_in(chat.principal(), "kind") == "user");
    CHECK(text_in(chat.principal(), "subject") == kUser);
    CHECK(text_in(last_of(client, "ready"), "guest_token").empty());
    client.close(1000);
    check_end(chat);
    for (const auto& line : chat.world.log()) CHECK(line.find(token) == std::string::npos);
  }
}

TEST_CASE("a token that is not valid closes the socket, and makes no guest") {
  SignedWorld chat;
  const auto expired = user_token(chat, -3600);
  const auto forged = user_token(chat, 3600) + "A";
  for (const auto& [token, code] : {std::pair{expired, std::string("token_expired")},
                                    {forged, std::string("invalid_token")},
                                    {std::string("nonsense"), std::string("invalid_token")}}) {
    for (const std::string& protocols : {"fabula.v1, " + token, std::string()}) {
      CAPTURE(code);
      CAPTURE(protocols);
      auto& client =
          chat.open("demo123", protocols, {}, protocols.empty() ? "?token=" + token : "");
      check_end(chat);
      CHECK(client.is_accepted());
      CHECK(client.close_code() == 1008);
      CHECK(client.close_reason() == code);
      if (!protocols.empty()) CHECK(text_in(last_of(client, "error"), "code") == code);
    }
  }
  CHECK(chat.database.calls.empty());
}

TEST_CASE("a guest that the database does not know is told so, and is no new one") {
  RealtimeWorld chat(1);
  auto& client = chat.open("demo123", "fabula.v1, fg_" + std::string(43, 'A'));
  chat.world.run_for(50);
  client.send_text(typed("hello"));
  check_end(chat);
  CHECK(client.close_code() == 1008);
  CHECK(client.close_reason() == "invalid_token");
  CHECK(chat.sessions.sessions.empty());
}

TEST_CASE("a token ends while a reply runs: it is stored, and the next message is refused") {
  SignedWorld chat;
  const std::string story = "Once upon a time there lived a fox.";
  chat.model.tell(story, 10'000);
  auto& client = chat.open("demo123", "fabula.v1, " + user_token(chat, 20));
  chat.world.run_for(50);
  client.send_text(typed("hello"));
  client.send_text(typed("message", R"("id":"m1","text":"Tell me.")"));
  chat.world.run_for(51'000);
  CHECK(client.is_open());
  client.send_text(typed("message", R"("id":"m2","text":"And then?")"));
  check_end(chat);
  CHECK(client.close_code() == 1008);
  CHECK(client.close_reason() == "token_expired");
  CHECK(text_in(last_of(client, "error"), "id") == "m2");
  const auto* session = chat.sessions.only();
  REQUIRE(session);
  REQUIRE(chat.sessions.messages(*session).size() == 2);
  CHECK(chat.sessions.messages(*session).back().content == story);
}

TEST_CASE("who does not say hello is disconnected") {
  RealtimeWorld chat(1);
  auto& client = chat.open("demo123", kJson);
  chat.world.run_for(9'900);
  CHECK(client.is_open());
  check_end(chat);
  CHECK(client.close_code() == 1008);
  CHECK(client.close_reason() == "hello_expected");
}
