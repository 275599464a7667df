// Bots' own keys: encrypted before the database gets them, decrypted when a bot is asked, and
// encrypted anew for the operator.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "functions/admin/admin.hpp"
#include "functions/stream/stream.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kBots = "http://edge/functions/v1/stream/v1/bots";
const std::string kOwnKey = "sk-own-0123456789";
const std::string kFirstKey(64, '1');
const std::string kSecondKey(64, '2');
constexpr const char* kHost = "http://models.example";

struct KeysWorld : ChatWorld {
  KeysWorld() : ChatWorld(1) {
    for (const char* function : {"save_bot", "update_bot"}) {
      database.answers[function] = R"({"body":{"bot_id":3}})";
    }
    database.answers["reserve_bot_id"] = R"({"bot_id":3})";
    world.environment["FABULA_ENCRYPTION_KEY"] = kFirstKey;
    world.environment["FABULA_UPSTREAM_HOSTS"] = "models.example";
    server.tell("Once.", 1);
  }

  sim::Client& ask(runtime::Context::Handler handler, const std::string& line,
                   const std::string& body, const std::string& credentials) {
    auto& client =
        world.call(handler, line + "\ncontent-type: application/json\n" + credentials + "\n", body);
    world.run();
    return client;
  }

  sim::Client& as_caller(const std::string& line, const std::string& body) {
    return ask(&stream_function::handle, line, body,
               "authorization: Bearer fg_" + std::string(43, 'A'));
  }

  sim::Client& rotate(const std::string& body = "{}") {
    return ask(&admin_function::handle, "POST http://edge/functions/v1/admin/encryption/rotate",
               body, "apikey: sb_secret_simulated");
  }

  // The key as the database gets it.
  json::Document save(const std::string& line = "POST " + kBots, const std::string& key = kOwnKey) {
    const auto& client = as_caller(line, R"({"model":"m","access_key":")" + key + R"("})");
    CHECK(client.status() == 200);
    const auto* encrypted = json::find(database.requests.back(), "encrypted_key");
    return encrypted ? *encrypted : json::Document();
  }

  // The answer to a question for a bot with this key.
  std::string ask_bot(const json::Document& key, int bot_id = 3) {
    database.bot = {{"bot_id", bot_id},
                    {"model", "m"},
                    {"access_path", std::string(kHost) + "/v1"},
                    {"access_key", key}};
    ++conversation;
    const auto& client = as_caller("POST http://edge/functions/v1/stream/v1/stream",
                                   R"({"bot_id":3,"conversation_id":)" +
                                       std::to_string(conversation) + R"(,"prompt":"Tell me."})");
    return client.body();
  }

  bool has_sent_own_key() const {
    return !server.exchanges.empty() &&
           server.exchanges.back()->head.find("authorization: Bearer " + kOwnKey + "\n") !=
               std::string::npos;
  }

  ScriptedModel server{world, std::string(kHost) + "/v1"};
  int conversation = 0;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a key is encrypted before the database gets it, and another time each time") {
  KeysWorld chat;
  const auto first = chat.save();
  const auto second = chat.save();
  CHECK(first["key_id"] == second["key_id"]);
  CHECK(first["ciphertext"] != second["ciphertext"]);
  const auto changed = chat.save("PATCH " + kBots + "/3");
  CHECK(changed["key_id"] == first["key_id"]);
  CHECK(chat.database.calls == std::vector<std::string>{"reserve_bot_id", "save_bot",
                                                        "reserve_bot_id", "save_bot",
                                                        "update_bot"});
  for (const auto& request : chat.database.requests) {
    CHECK_FALSE(contains(json::dump(request), kOwnKey));
  }
  CHECK(json::integer_at(chat.database.requests[1], "bot_id") == 3);
  for (const auto& line : chat.world.log()) {
    CHECK_FALSE(contains(line, kOwnKey));
    CHECK_FALSE(contains(line, kFirstKey));
  }
}

TEST_CASE("a bot is asked with its decrypted key, and with a plain one of an earlier version") {
  KeysWorld chat;
  const auto encrypted = chat.save();
  CHECK(contains(chat.ask_bot(encrypted), "\"finish_reason\":\"stop\""));
  CHECK(chat.has_sent_own_key());
  chat.server.exchanges.clear();
  CHECK(contains(chat.ask_bot(kOwnKey), "\"finish_reason\":\"stop\""));
  CHECK(chat.has_sent_own_key());
}

TEST_CASE("a key in another bot's row, or a damaged one, does not open") {
  KeysWorld chat;
  const auto encrypted = chat.save();
  auto damaged = encrypted;
  auto& ciphertext = damaged["ciphertext"].get_ref<std::string&>();
  ciphertext[20] = ciphertext[20] == 'A' ? 'B' : 'A';
  auto cut = encrypted;
  cut["ciphertext"] = "c2hvcnQ";
  auto garbage = encrypted;
  garbage["ciphertext"] = "!";
  const auto refuse = [&chat](const json::Document& key, int bot_id) {
    const auto body = chat.ask_bot(key, bot_id);
    CHECK(contains(body, "\"code\":\"internal_error\""));
    CHECK_FALSE(contains(body, kOwnKey));
  };
  refuse(encrypted, 4);
  refuse(damaged, 3);
  refuse(cut, 3);
  refuse(garbage, 3);
  CHECK(chat.server.exchanges.empty());
}

TEST_CASE("two encryption keys open while they are rotated; the newest encrypts") {
  KeysWorld chat;
  const auto first = chat.save();
  chat.world.environment["FABULA_ENCRYPTION_KEY"] = kSecondKey;
  CHECK(contains(chat.ask_bot(first), "\"code\":\"no_encryption_key\""));
  CHECK(chat.server.exchanges.empty());
  chat.world.environment["FABULA_PREVIOUS_ENCRYPTION_KEY"] = kFirstKey;
  chat.ask_bot(first);
  CHECK(chat.has_sent_own_key());
  const auto second = chat.save();
  CHECK(second["key_id"] != first["key_id"]);
  chat.world.environment.erase("FABULA_PREVIOUS_ENCRYPTION_KEY");
  chat.server.exchanges.clear();
  chat.ask_bot(second);
  CHECK(chat.has_sent_own_key());
}

TEST_CASE("without an encryption key a bot has no own key, and the setting is named") {
  for (const std::string& value : {std::string(), std::string("secret-but-wrong")}) {
    CAPTURE(value);
    KeysWorld chat;
    chat.world.environment["FABULA_ENCRYPTION_KEY"] = value;
    for (const auto& line : {"POST " + kBots, "PATCH " + kBots + "/3"}) {
      const auto& client =
          chat.as_caller(line, R"({"model":"m","access_key":")" + kOwnKey + R"("})");
      CHECK(client.status() == 503);
      CHECK(contains(client.body(), "\"no_encryption_key\""));
      CHECK(contains(client.body(), "FABULA_ENCRYPTION_KEY"));
      CHECK_FALSE(contains(client.body(), kOwnKey));
      CHECK_FALSE(contains(client.body(), "secret-but-wrong"));
    }
    CHECK(chat.rotate().status() == 503);
    CHECK(chat.database.calls.empty());
    // Bots without a key, and the removal of a key, need none.
    CHECK(chat.as_caller("POST " + kBots, R"({"model":"m"})").status() == 200);
    CHECK(chat.as_caller("PATCH " + kBots + "/3", R"({"access_key":null})").status() == 200);
  }
}

TEST_CASE("a bot's faults are told before its key is encrypted") {
  KeysWorld chat;
  for (const std::string body :
       {R"({"model":"m","access_key":"two words"})", R"({"model":"","access_key":"k"})",
        R"({"model":"m","access_key":""})", R"({"model":"m","access_key":7})"}) {
    CAPTURE(body);
    CHECK(chat.as_caller("POST " + kBots, body).status() == 422);
  }
  CHECK(chat.database.calls.empty());
  CHECK(chat.as_caller("PATCH " + kBots + "/x", R"({"access_key":"k"})").status() == 400);
  CHECK(chat.database.calls.empty());
}

TEST_CASE("the rotation encrypts all keys anew, leaves unreadable ones, and tells how many") {
  KeysWorld chat;
  const auto first = chat.save();
  chat.world.environment["FABULA_ENCRYPTION_KEY"] = kSecondKey;
  chat.world.environment["FABULA_PREVIOUS_ENCRYPTION_KEY"] = kFirstKey;
  const auto row = [](int bot_id, const json::Document& key) {
    return json::Document{
        {"bot_id", bot_id}, {"version", "v" + std::to_string(bot_id)}, {"access_key", key}};
  };
  const json::Document rows = {row(3, first), row(4, first), row(5, kOwnKey),
                               row(6, {{"key_id", "0000000000000000"}, {"ciphertext", "c"}})};
  chat.database.functions["read_outdated_bot_keys"] = [&](const json::Document& request) {
    const bool is_first = json::integer_at(request, "after_bot_id") == 0;
    const json::Document answer = {{"left", is_first ? 4 : 2},
                                   {"keys", is_first ? rows : json::Document::array()}};
    return ScriptedDatabase::Answer{200, json::dump(answer)};
  };
  json::Document replaced;
  chat.database.functions["replace_bot_keys"] = [&](const json::Document& request) {
    replaced = *json::find(request, "keys");
    return ScriptedDatabase::Answer{200, R"({"replaced":2})"};
  };
  const auto& client = chat.rotate();
  CHECK(client.status() == 200);
  CHECK(client.body() == R"({"rewritten":2,"unreadable":2,"left":2,"after_bot_id":null})");
  REQUIRE(replaced.size() == 2);
  chat.world.environment.erase("FABULA_PREVIOUS_ENCRYPTION_KEY");
  for (const auto& [index, bot_id] : {std::pair<std::size_t, int>{0, 3}, {1, 5}}) {
    CHECK(replaced[index]["bot_id"] == bot_id);
    CHECK(replaced[index]["version"] == "v" + std::to_string(bot_id));
    chat.server.exchanges.clear();
    chat.ask_bot(replaced[index]["encrypted_key"], bot_id);
    CHECK(chat.has_sent_own_key());
  }
  for (const auto& line : chat.world.log()) CHECK_FALSE(contains(line, kOwnKey));
}

TEST_CASE("a call of the rotation ends after some batches, and the next one goes on there") {
  KeysWorld chat;
  std::int64_t asked_after = -1;
  chat.database.functions["read_outdated_bot_keys"] = [&](const json::Document& request) {
    asked_after = json::integer_at(request, "after_bot_id").value_or(-1);
    const json::Document answer = {
        {"left", 1000},
        {"keys", {{{"bot_id", asked_after + 1}, {"version", "v"}, {"access_key", "sk-plain"}}}}};
    return ScriptedDatabase::Answer{200, json::dump(answer)};
  };
  chat.database.answers["replace_bot_keys"] = R"({"replaced":1})";
  CHECK(chat.rotate(R"({"after_bot_id":100})").body() ==
        R"({"rewritten":20,"unreadable":0,"left":1000,"after_bot_id":120})");
  CHECK(asked_after == 120);
  CHECK(chat.rotate(R"({"after_bot_id":-1})").status() == 422);
}

TEST_CASE("the rotation is the operator's alone") {
  KeysWorld chat;
  const auto& client =
      chat.ask(&admin_function::handle, "POST http://edge/functions/v1/admin/encryption/rotate",
               "{}", "authorization: Bearer fg_" + std::string(43, 'A'));
  CHECK(client.status() == 401);
  CHECK(chat.database.calls.empty());
}
