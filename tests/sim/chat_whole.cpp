// Accept: application/json: the reply as one answer, with the status that says how it ended.
#include <string>

#include "functions/chat/chat.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kJson = "accept: application/json\n";
const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
const std::string kKey = kGuest + "idempotency-key: 8d5a\n";

json::Document body_of(const sim::Client& client) {
  auto body = json::parse(client.body());
  REQUIRE(body);
  return *std::move(body);
}

std::string text_at(const json::Document& body, std::string_view key) {
  return std::string(json::string_at(body, key).value_or(""));
}

bool has_header(const sim::Client& client, std::string_view line) {
  return client.head().find("\n" + std::string(line) + "\n") != std::string::npos;
}

void check_whole(const sim::Client& client, const std::string& text) {
  CHECK(client.status() == 200);
  CHECK(client.writes() == 1);
  CHECK(has_header(client, "content-type: application/json"));
  const auto body = body_of(client);
  CHECK(text_at(body, "text") == text);
  CHECK(text_at(body, "finish_reason") == "stop");
  const auto& metadata = *json::find(body, "metadata");
  CHECK(text_at(metadata, "message_id") == "reply-1");
  CHECK(text_at(metadata, "finish_reason") == "stop");
}

}  // namespace

TEST_CASE("the reply is one JSON answer, and a new guest's token is in it") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 400);
  auto& client = chat.post(R"({"text":"Tell me."})", kJson);
  chat.world.run();
  check_whole(client, kStory);
  CHECK(has_header(client, "x-stream-id: stream-generation-1"));
  CHECK(text_at(*json::find(body_of(client), "metadata"), "guest_token").starts_with("fg_"));
  CHECK(chat.database.generations[0].text() == kStory);
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("who takes both is told the stream, unless JSON is wanted more") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 5);
  for (const auto& [accept, is_whole] : {std::pair{"*/*", false},
                                         {"application/json, text/event-stream", false},
                                         {"text/event-stream;q=0.5, application/json", true},
                                         {"application/*", true}}) {
    CAPTURE(accept);
    auto& client = chat.post(R"({"text":"Tell me."})", "accept: " + std::string(accept) + "\n");
    chat.world.run();
    CHECK(has_header(
        client, is_whole ? "content-type: application/json" : "content-type: text/event-stream"));
  }
}

TEST_CASE("the same is told again, followed while it runs, and read on from a byte") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 900);
  chat.post(R"({"text":"Tell me."})", kKey);
  chat.world.run_for(2'500);
  auto& follower = chat.post(R"({"text":"Tell me."})", kKey + kJson);
  chat.world.run();
  check_whole(follower, kStory);
  CHECK(has_header(follower, "idempotent-replayed: true"));
  const auto rest = "GET http://edge/functions/v1/chat/streams/stream-generation-1?after=4\n";
  auto& resumed = chat.world.call(&chat_function::handle, rest + kGuest + kJson);
  chat.world.run();
  CHECK(text_at(body_of(resumed), "text") == kStory.substr(4));
}

TEST_CASE("one that still runs when it was looked at often enough is a conflict for now") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 60'000 / 7);
  chat.world.environment["FABULA_TIME_LIMIT_MS"] = "600000";
  chat.post(R"({"text":"Tell me."})", kKey);
  chat.world.run_for(100);
  auto& follower = chat.post(R"({"text":"Tell me."})", kKey + kJson);
  chat.world.run();
  CHECK(follower.status() == 409);
  CHECK(has_header(follower, "retry-after: 1"));
  CHECK(text_at(body_of(follower), "code") == "turn_in_progress");
}

TEST_CASE("a reply that broke off is a problem of its own status, with what is kept") {
  ChatWorld chat(1);
  ModelAnswer answer = stream(text_event("Once upon a time"));
  answer_always(chat.model, answer);
  auto& client = chat.post(R"({"text":"Tell me."})", kJson);
  chat.world.run();
  CHECK(client.status() == 502);
  CHECK(has_header(client, "content-type: application/problem+json"));
  const auto body = body_of(client);
  CHECK(text_at(body, "code") == "provider_incomplete");
  CHECK(json::integer_at(body, "status") == 502);
  CHECK(text_at(body, "text") == "Once upon a time");
  CHECK(text_at(*json::find(body, "metadata"), "message_id") == "reply-1");
  CHECK(chat.database.generations[0].text() == "Once upon a time");
}

TEST_CASE("a reply without a word is a problem alone") {
  ChatWorld chat(1);
  answer_always(chat.model, refusal(401));
  auto& client = chat.post(R"({"text":"Tell me."})", kJson);
  chat.world.run();
  CHECK(client.status() == 502);
  const auto body = body_of(client);
  CHECK(text_at(body, "code") == "provider_unauthorized");
  CHECK_FALSE(json::find(body, "text"));
  CHECK_FALSE(json::find(body, "metadata"));
}

TEST_CASE("what no turn came of is refused as ever") {
  ChatWorld chat(1);
  auto& client = chat.post(R"({"text":""})", kJson);
  chat.world.run();
  CHECK(client.status() == 422);
  CHECK(text_at(body_of(client), "code") == "invalid_request");
}

TEST_CASE("a client that leaves ends the model, where its leaving shows") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 900);
  auto& client = chat.post(R"({"text":"Tell me."})", kJson);
  chat.world.run_for(3'000);
  client.leave();
  chat.world.run_for(100);
  CHECK(chat.database.generations[0].status == "disconnected");
  chat.world.run();
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}
