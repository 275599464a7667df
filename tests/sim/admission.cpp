// The functions tell the database about a caller who is about to spend something.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

struct AdmissionWorld : ChatWorld {
  AdmissionWorld() : ChatWorld(1) { model.tell("A fox.", 1); }

  // The `admission` of a turn's first call.
  json::Document admission_of(const std::string& headers = {}) {
    database.calls.clear();
    database.requests.clear();
    post(R"({"text":"Hi."})", headers);
    world.run();
    const auto* admission = json::find(database.requests.at(0), "admission");
    return admission ? *admission : json::Document();
  }

  std::string prefix_of(const std::string& headers = {}) {
    return std::string(json::string_at(admission_of(headers), "prefix").value_or(""));
  }
};

}  // namespace

TEST_CASE("a turn tells its network by an HMAC, and nothing of the address") {
  AdmissionWorld chat;
  chat.world.behaviour.client_address = "203.0.113.9";
  const auto admission = chat.admission_of();
  CHECK(json::boolean_at(admission, "guests") == true);
  CHECK_FALSE(admission.contains("limits"));
  const std::string prefix(json::string_at(admission, "prefix").value_or(""));
  CHECK(prefix.size() == 32);
  CHECK(prefix.find_first_not_of("0123456789abcdef") == std::string::npos);

  chat.world.behaviour.client_address = "203.0.113.77";
  CHECK(chat.prefix_of() == prefix);
  chat.world.behaviour.client_address = "203.0.112.9";
  CHECK(chat.prefix_of() != prefix);
  chat.world.behaviour.client_address = "2001:db8::1";
  CHECK(chat.prefix_of() != prefix);
}

TEST_CASE("what a client writes about its address does not count") {
  AdmissionWorld chat;
  chat.world.behaviour.client_address = "203.0.113.9";
  const auto prefix = chat.prefix_of();
  CHECK(chat.prefix_of("x-forwarded-for: 198.51.100.1\ncf-connecting-ip: 198.51.100.1\n") ==
        prefix);
  // A proxy of the operator's own appends what it sees.
  chat.world.environment["FABULA_CLIENT_ADDRESS_HEADER"] = "x-forwarded-for";
  CHECK(chat.prefix_of("x-forwarded-for: 198.51.100.1, 203.0.113.200\n") == prefix);
  CHECK(chat.prefix_of("x-forwarded-for: 203.0.113.9, 198.51.100.1\n") != prefix);
  CHECK(chat.prefix_of() == "");
}

TEST_CASE("without an address of the internet no network is told") {
  AdmissionWorld chat;
  for (const std::string address : {"", "127.0.0.1", "10.0.0.9", "::1", "unix"}) {
    CAPTURE(address);
    chat.world.behaviour.client_address = address;
    CHECK_FALSE(chat.admission_of().contains("prefix"));
  }
}

TEST_CASE("the settings' limits are told, and whether guests are served") {
  AdmissionWorld chat;
  chat.world.environment["FABULA_GUESTS"] = "off";
  chat.world.environment["FABULA_LIMITS"] = R"({"guest":{"requests":5}})";
  const auto admission = chat.admission_of();
  CHECK(json::boolean_at(admission, "guests") == false);
  CHECK(admission["limits"] == *json::parse(R"({"guest":{"requests":5}})"));
}

TEST_CASE("with limits that cannot be right nothing is begun") {
  AdmissionWorld chat;
  chat.world.environment["FABULA_LIMITS"] = R"({"guest":{"request":5}})";
  const auto& client = chat.post(R"({"text":"Hi."})");
  chat.world.run();
  CHECK(client.status() == 500);
  CHECK(chat.model.exchanges.empty());
  CHECK(chat.database.calls.empty());
}

TEST_CASE("a first message that is sent twice with one key has one guest") {
  AdmissionWorld chat;
  const auto guest_of = [&chat](const std::string& key) {
    chat.database.requests.clear();
    const auto& client = chat.post(R"({"text":"Hi."})", "idempotency-key: " + key + "\n");
    chat.world.run();
    CHECK(client.head().find("x-guest-token: fg_") != std::string::npos);
    return std::string(
        json::string_at(chat.database.requests.at(0)["principal"], "token_hash").value_or(""));
  };
  const std::string key = "8c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c921";
  const auto guest = guest_of(key);
  CHECK(guest.size() == 64);
  CHECK(guest_of(key) == guest);
  CHECK(guest_of("9c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c921") != guest);
  // Only a server with the secret can make the token of a key.
  chat.world.environment["SUPABASE_SECRET_KEYS"] = R"({"default":"another-secret"})";
  CHECK(guest_of(key) != guest);

  const auto& refused = chat.post(R"({"text":"Hi."})", "idempotency-key: retry-1\n");
  chat.world.run();
  CHECK(refused.status() == 422);
  CHECK(refused.body().find("UUID") != std::string::npos);
}

TEST_CASE("a refusal of the deployment's is told with the time to wait") {
  AdmissionWorld chat;
  chat.database.functions["begin_turn"] = [](const json::Document&) {
    return ScriptedDatabase::Answer{
        503, R"({"code":"PT503","details":"capacity_exceeded","message":"Busy.",)"
             R"("hint":"{\"retry_after_s\":7,\"members\":{\"scope\":\"deployment\"}}"})"};
  };
  const auto& client = chat.post(R"({"text":"Hi."})");
  chat.world.run();
  CHECK(client.status() == 503);
  CHECK(client.head().find("retry-after: 7") != std::string::npos);
  CHECK(client.body().find("capacity_exceeded") != std::string::npos);
  CHECK(chat.model.exchanges.empty());
}
