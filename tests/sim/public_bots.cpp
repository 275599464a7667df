// Bots that everybody may use: only where the operator allows them.
#include <doctest/doctest.h>

#include <string>

#include "functions/stream/stream.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

struct BotsWorld : ChatWorld {
  BotsWorld() : ChatWorld(1) {
    for (const char* function : {"save_bot", "update_bot", "delete_bot", "read_bot", "list_bots"}) {
      database.answers[function] = R"({"body":{"bot_id":3}})";
    }
  }

  sim::Client& ask(const std::string& line, const std::string& body = {}) {
    auto& client = world.call(&stream_function::handle,
                              line + "\ncontent-type: application/json\nauthorization: Bearer fg_" +
                                  std::string(43, 'A') + "\n",
                              body);
    world.run();
    return client;
  }
};

const std::string kBots = "http://edge/functions/v1/stream/v1/bots";

}  // namespace

TEST_CASE("without the setting no bot becomes public, and those that are stay hidden") {
  BotsWorld chat;
  for (const std::string setting : {"", "off", "yes"}) {
    CAPTURE(setting);
    chat.world.environment["FABULA_PUBLIC_BOTS"] = setting;
    chat.database.calls.clear();
    for (const auto& line : {"POST " + kBots, "PATCH " + kBots + "/3"}) {
      const auto& client = chat.ask(line, R"({"model":"m","is_public":true})");
      CHECK(client.status() == 403);
      CHECK(client.body().find("FABULA_PUBLIC_BOTS") != std::string::npos);
    }
    CHECK(chat.database.calls.empty());
    CHECK(chat.ask("POST " + kBots, R"({"model":"m","is_public":false})").status() == 200);
    for (const auto& line : {"GET " + kBots, "GET " + kBots + "/3", "DELETE " + kBots + "/3"}) {
      CHECK(chat.ask(line).status() == 200);
      CHECK(json::boolean_at(chat.database.requests.back(), "hides_public_bots") == true);
    }
    CHECK(chat.ask("PATCH " + kBots + "/3", R"({"name":"Mine"})").status() == 200);
    CHECK(json::boolean_at(chat.database.requests.back(), "hides_public_bots") == true);
  }
}

TEST_CASE("with the setting bots may be public, and are seen") {
  BotsWorld chat;
  chat.world.environment["FABULA_PUBLIC_BOTS"] = "on";
  CHECK(chat.ask("POST " + kBots, R"({"model":"m","is_public":true})").status() == 200);
  for (const auto& line : {"GET " + kBots, "GET " + kBots + "/3"}) {
    CHECK(chat.ask(line).status() == 200);
    CHECK_FALSE(json::boolean_at(chat.database.requests.back(), "hides_public_bots"));
  }
}

TEST_CASE("a turn says whether another's bot may answer it") {
  for (const bool is_on : {false, true}) {
    CAPTURE(is_on);
    BotsWorld chat;
    if (is_on) chat.world.environment["FABULA_PUBLIC_BOTS"] = "on";
    chat.model.tell("Once.", 1);
    chat.database.bot = {{"model", "scripted"}};
    chat.ask("POST http://edge/functions/v1/stream/v1/stream",
             R"({"bot_id":3,"conversation_id":7,"prompt":"Tell me."})");
    REQUIRE_FALSE(chat.database.requests.empty());
    CHECK(chat.database.calls.front() == "begin_turn");
    CHECK(json::boolean_at(chat.database.requests.front(), "hides_public_bots").value_or(false) !=
          is_on);
  }
}
