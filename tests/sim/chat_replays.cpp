// A message that is sent twice with one Idempotency-Key is one turn; the second answer repeats the
// first one's, whether it is over or still running.
#include <doctest/doctest.h>

#include <string>

#include "shared/http/head.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::ModelAnswer;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";
const std::string kBody = R"({"text":"Tell me."})";
const std::string kKey =
    "authorization: Bearer fg_" + std::string(43, 'A') + "\nidempotency-key: 8d5a\n";

bool is_replay(const sim::Client& client) {
  const auto head = http::parse_response_head(client.head());
  return head && head->headers.find("idempotent-replayed") == "true";
}

int count(const ChatWorld& chat, std::string_view function) {
  int calls = 0;
  for (const auto& call : chat.database.calls) calls += call == function ? 1 : 0;
  return calls;
}

}  // namespace

TEST_CASE("a turn that is over is told again, without the model") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 10);
  auto& first = chat.post(kBody, kKey);
  chat.world.run();
  auto& again = chat.post(kBody, kKey);
  chat.world.run();
  CHECK_FALSE(is_replay(first));
  CHECK(is_replay(again));
  CHECK(again.status() == 200);
  const auto events = read_events(again);
  CHECK(events.text == kStory);
  CHECK(events.last_id == std::to_string(kStory.size()));
  REQUIRE(events.find("metadata"));
  const auto* metadata = json::find(*events.find("metadata"), "metadata");
  CHECK(json::string_at(*metadata, "message_id") == "reply-1");
  CHECK(events.find("done"));
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.database.generations.size() == 1);
}

TEST_CASE("a turn that failed without a word runs again under its key") {
  ChatWorld chat(1);
  ModelAnswer overloaded;
  overloaded.status = 503;
  overloaded.headers = "retry-after: 30\n";
  overloaded.pieces = {{0, R"({"error":{"message":"overloaded"}})"}};
  static_cast<ModelAnswer&>(chat.model) = overloaded;
  auto& first = chat.post(kBody, kKey);
  chat.world.run();
  const auto failed = read_events(first);
  REQUIRE(failed.find("error"));
  const auto& error = *json::find(*failed.find("error"), "error");
  CHECK(json::boolean_at(error, "retryable") == true);
  CHECK(json::integer_at(error, "retry_after_ms") == 30'000);
  const auto asked = chat.model.exchanges.size();

  static_cast<ModelAnswer&>(chat.model) = ModelAnswer();
  chat.model.tell(kStory, 10);
  auto& second = chat.post(kBody, kKey);
  chat.world.run();
  CHECK_FALSE(is_replay(second));
  CHECK(read_events(second).text == kStory);
  CHECK(read_events(second).find("done"));
  CHECK(chat.model.exchanges.size() == asked + 1);
  const auto sent = json::parse(chat.model.exchanges.back()->body);
  CHECK((*sent)["messages"].size() == 2);
  REQUIRE(chat.database.sessions.size() == 1);
  CHECK(chat.database.sessions.begin()->second.size() == 2);

  auto& third = chat.post(kBody, kKey);
  chat.world.run();
  CHECK(is_replay(third));
  CHECK(read_events(third).text == kStory);
}

TEST_CASE("whoever follows a reply whose writer dies is told within 15 seconds") {
  for (const std::int64_t lived_ms : {2'500, 4'900, 9'100}) {
    ChatWorld chat(1);
    chat.model.tell(kStory, 900);
    chat.post(kBody, kKey);
    chat.world.run_for(lived_ms);
    auto& follower = chat.post(kBody, kKey);
    chat.world.run_for(50);
    const auto saved = chat.database.generations[0].text();
    // Nothing from the writer arrives any more, as if its process had been killed.
    chat.database.fault = [](const std::string& function) {
      return function == "read_turn" ? Fault::none : Fault::refuse_connection;
    };
    // It was heard of a second ago at most.
    chat.world.run_for(12'900);
    CHECK_FALSE(follower.is_ended());
    chat.world.run_for(1'200);
    CHECK(follower.is_ended());
    const auto events = read_events(follower);
    CHECK(events.text == saved);
    REQUIRE(events.find("error"));
    CHECK(json::string_at(*json::find(*events.find("error"), "error"), "code") == "interrupted");
    chat.world.run();
  }
}

TEST_CASE("a turn that runs is followed to its end") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 900);
  auto& first = chat.post(kBody, kKey);
  chat.world.run_for(2500);
  auto& second = chat.post(kBody, kKey);
  chat.world.run_for(500);
  CHECK(kStory.starts_with(read_events(second).text));
  CHECK_FALSE(read_events(second).text.empty());
  chat.world.run();
  CHECK(read_events(first).text == kStory);
  CHECK(read_events(second).text == kStory);
  CHECK(read_events(second).find("done"));
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.world.open_exchanges() == 0);
}

TEST_CASE("who follows and leaves changes nothing; who was left alone is told what there is") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 900);
  auto& first = chat.post(kBody, kKey);
  chat.world.run_for(2500);
  auto& second = chat.post(kBody, kKey);
  chat.world.run_for(500);
  second.leave();
  chat.world.run_for(500);
  CHECK(chat.database.generations[0].status == "streaming");
  first.leave();
  chat.world.run();
  CHECK(chat.database.generations[0].status == "disconnected");
  auto& third = chat.post(kBody, kKey);
  chat.world.run();
  const auto events = read_events(third);
  CHECK(events.text == chat.database.generations[0].text());
  CHECK(events.find("metadata"));
  REQUIRE(events.find("error"));
  const auto& error = *json::find(*events.find("error"), "error");
  CHECK(json::string_at(error, "code") == "interrupted");
  CHECK(json::boolean_at(error, "retryable") == true);
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("a long reply is looked at 20 times, then the client is asked to come back") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 60'000 / 13);
  chat.world.environment["FABULA_TIME_LIMIT_MS"] = "600000";
  chat.post(kBody, kKey);
  chat.world.run_for(100);
  auto& second = chat.post(kBody, kKey);
  chat.world.run_for(10);
  const auto reads_before = count(chat, "read_turn");
  chat.world.run();
  CHECK(reads_before == 1);
  CHECK(count(chat, "read_turn") <= 20);
  const auto events = read_events(second);
  CHECK(kStory.starts_with(events.text));
  CHECK((events.find("done") || second.body().ends_with("retry: 1000\n\n")));
}

TEST_CASE("looks that fail are made up for") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 900);
  chat.post(kBody, kKey);
  chat.world.run_for(2500);
  auto& second = chat.post(kBody, kKey);
  chat.world.run_for(100);
  int looks = 0;
  chat.database.fault = [&looks](const std::string& function) {
    return function == "read_turn" && ++looks % 2 == 1 ? Fault::answer_503 : Fault::none;
  };
  chat.world.run();
  CHECK(read_events(second).text == kStory);
  CHECK(read_events(second).find("done"));
}

TEST_CASE("the first look that fails is a status") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 10);
  chat.post(kBody, kKey);
  chat.world.run();
  chat.database.fault = [](const std::string& function) {
    return function == "read_turn" ? Fault::answer_503 : Fault::none;
  };
  auto& again = chat.post(kBody, kKey);
  chat.world.run();
  CHECK(again.status() == 503);
}

TEST_CASE("the key stands for one request: what it is sent with is hashed") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 10);
  chat.post(kBody, kKey);
  chat.world.run();
  chat.post(R"({ "unknown": 1, "text": "Tell me." })", kKey);
  chat.world.run();
  chat.post(R"({"text":"Tell me more."})", kKey);
  chat.world.run();
  const auto hash = [&chat](std::size_t request) {
    return json::string_at(chat.database.requests.at(request), "request_hash").value_or("");
  };
  // begin_turn, finish_turn, begin_turn, read_turn, begin_turn, ...
  CHECK(hash(0).size() == 64);
  CHECK(hash(2) == hash(0));
  CHECK(hash(4).size() == 64);
  CHECK(hash(4) != hash(0));
}

TEST_CASE("a key that is no key is refused") {
  ChatWorld chat(1);
  for (const auto& key : {std::string("a b"), std::string(256, 'k')}) {
    auto& client = chat.post(kBody, "idempotency-key: " + key + "\n");
    chat.world.run();
    CAPTURE(key);
    CHECK(client.status() == 422);
  }
  CHECK(chat.database.calls.empty());
}
