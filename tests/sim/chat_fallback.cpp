// Models that fail before their first token: who is asked instead, when, and what of it is told.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::end_events;
using fabula::tests::ModelAnswer;
using fabula::tests::read_events;
using fabula::tests::ScriptedModel;
using fabula::tests::text_event;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";
const std::string kBody = R"({"text":"Tell me."})";

// A route of three models, of which the last ones tell the story.
struct RouteWorld : ChatWorld {
  RouteWorld() : ChatWorld(1) {
    world.environment["MODEL_CHAT"] = "local:first,ollama:second,llamacpp:third";
    second.tell(kStory, 20);
    third.tell(kStory, 20);
  }
  ScriptedModel second{world, "http://127.0.0.1:11434/v1"};
  ScriptedModel third{world, "http://127.0.0.1:8080/v1"};
};

ModelAnswer refusal(std::uint32_t status, const std::string& headers = {}) {
  ModelAnswer answer;
  answer.status = status;
  answer.headers = headers;
  answer.pieces = {{0, R"({"error":{"message":"no"}})"}};
  return answer;
}

ModelAnswer unreachable() {
  ModelAnswer answer;
  answer.is_unreachable = true;
  return answer;
}

ModelAnswer stream(const std::string& bytes, ModelAnswer::End end = ModelAnswer::End::close) {
  ModelAnswer answer;
  answer.pieces = {{0, bytes}};
  answer.end = end;
  return answer;
}

ModelAnswer silence() { return stream("", ModelAnswer::End::stay_open); }

std::string error_code(const sim::Client& client) {
  const auto events = read_events(client);
  const auto* error = events.find("error");
  return error ? std::string(json::string_at(*json::find(*error, "error"), "code").value_or(""))
               : "";
}

// Who the client is told has answered, who the row says has, and who the log.
void check_answered_by(const ChatWorld& chat, const sim::Client& client, std::string_view provider,
                       std::string_view model, int attempts) {
  const auto events = read_events(client);
  CHECK(events.text == kStory);
  REQUIRE(events.find("metadata"));
  CHECK(events.find("done"));
  CHECK_FALSE(events.find("error"));
  const auto log = json::parse(chat.world.log().back());
  REQUIRE(log);
  const auto& row = chat.database.requests.back();
  for (const auto* told : {json::find(*events.find("metadata"), "metadata"), &row, &*log}) {
    CHECK(json::string_at(*told, "provider") == provider);
    CHECK(json::string_at(*told, "model") == model);
  }
  CHECK(json::integer_at(*log, "attempts") == attempts);
  CHECK(json::string_at(row, "status") == "complete");
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

struct Failure {
  const char* what;
  ModelAnswer answer;
};

std::vector<Failure> passing_failures() {
  using End = ModelAnswer::End;
  std::vector<Failure> failures = {
      {"unreachable", unreachable()},
      {"nothing", stream("")},
      {"garbage", stream("<html>oops</html>")},
      {"breaks", stream("data: {\"choices\":[{\"ind", End::break_connection)},
      {"an error in the stream",
       stream("data: {\"error\":{\"message\":\"overloaded\"}}\n\n", End::stay_open)}};
  for (const std::uint32_t status : {408u, 409u, 425u, 429u, 500u, 502u, 503u, 529u}) {
    failures.push_back({"a status that may pass", refusal(status)});
  }
  return failures;
}

}  // namespace

TEST_CASE("a failure that may pass: the same model is asked again after a pause, and nobody sees") {
  for (const auto& [what, answer] : passing_failures()) {
    CAPTURE(what);
    CAPTURE(answer.status);
    RouteWorld chat;
    chat.model.first_answers = {answer};
    chat.model.tell(kStory, 20);
    const auto& client = chat.talk("Tell me.");
    check_answered_by(chat, client, "local", "first", 2);
    REQUIRE(chat.model.exchanges.size() == 2);
    CHECK(chat.model.exchanges[1]->body == chat.model.exchanges[0]->body);
    const auto pause_ms = chat.model.asked_at_ms[1] - chat.model.asked_at_ms[0];
    CHECK(pause_ms >= 250 + 20);
    CHECK(pause_ms <= 750 + 20);
    CHECK(chat.second.exchanges.empty());
  }
}

TEST_CASE("a failure that does not pass: the next model of the route is asked at once") {
  for (const auto& [what, answer] : passing_failures()) {
    CAPTURE(what);
    CAPTURE(answer.status);
    RouteWorld chat;
    static_cast<ModelAnswer&>(chat.model) = answer;
    const auto& client = chat.talk("Tell me.");
    check_answered_by(chat, client, "ollama", "second", 3);
    CHECK(chat.model.exchanges.size() == 2);
    CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms[1] <= 21);
  }
}

TEST_CASE("a failure that will not pass is not tried again with the same model") {
  for (const std::uint32_t status : {301u, 400u, 401u, 402u, 403u, 404u, 413u, 422u}) {
    CAPTURE(status);
    RouteWorld chat;
    static_cast<ModelAnswer&>(chat.model) = refusal(status);
    const auto& client = chat.talk("Tell me.");
    check_answered_by(chat, client, "ollama", "second", 2);
    CHECK(chat.model.exchanges.size() == 1);
    CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms[0] <= 21);
  }
}

TEST_CASE("each model is sent the conversation with its own name") {
  RouteWorld chat;
  static_cast<ModelAnswer&>(chat.model) = refusal(400);
  static_cast<ModelAnswer&>(chat.second) = refusal(400);
  const auto& client = chat.talk("Tell me.");
  check_answered_by(chat, client, "llamacpp", "third", 3);
  const auto first = *json::parse(chat.model.exchanges.at(0)->body);
  const auto third = *json::parse(chat.third.exchanges.at(0)->body);
  CHECK(first["model"] == "first");
  CHECK(third["model"] == "third");
  CHECK(third["messages"] == first["messages"]);
}

TEST_CASE("when nobody answers, the last one's problem is told, and nothing is stored") {
  RouteWorld chat;
  static_cast<ModelAnswer&>(chat.model) = refusal(401);
  static_cast<ModelAnswer&>(chat.second) = refusal(500);
  static_cast<ModelAnswer&>(chat.third) = refusal(429, "retry-after: 60\n");
  const auto& client = chat.talk("Tell me.");
  CHECK(error_code(client) == "provider_rate_limited");
  CHECK(read_events(client).others.size() == 1);
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.second.exchanges.size() == 2);
  CHECK(chat.third.exchanges.size() == 1);
  const auto log = *json::parse(chat.world.log().back());
  CHECK(log["attempts"] == 4);
  CHECK(log["provider"] == "llamacpp");
  CHECK(chat.database.generations[0].status == "failed");
  CHECK(chat.database.sessions.begin()->second.size() == 1);
  CHECK(chat.world.open_exchanges() == 0);
}

TEST_CASE("Retry-After is kept to when it is ten seconds at most, else the next model is asked") {
  RouteWorld patient;
  patient.model.first_answers = {refusal(429, "retry-after: 7\n")};
  patient.model.tell(kStory, 20);
  check_answered_by(patient, patient.talk("Tell me."), "local", "first", 2);
  const auto waited_ms = patient.model.asked_at_ms.at(1) - patient.model.asked_at_ms.at(0);
  CHECK(waited_ms >= 7'250);
  CHECK(waited_ms <= 7'800);

  RouteWorld chat;
  chat.model.first_answers = {refusal(503, "retry-after: 11\n")};
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 2);
  CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms.at(0) <= 21);
}

TEST_CASE("a model that is silent beyond the first token's deadline is left for the next") {
  RouteWorld chat;
  chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "5000";
  static_cast<ModelAnswer&>(chat.model) = silence();
  const auto& client = chat.talk("Tell me.");
  check_answered_by(chat, client, "ollama", "second", 2);
  CHECK(chat.model.exchanges.at(0)->is_closed_by_guest());
  CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms.at(0) == 5000);
}

TEST_CASE("thinking aloud is no silence") {
  RouteWorld chat;
  chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "5000";
  const std::string thought =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm. \"}}]}\n\n";
  chat.model.pieces = {
      {4000, thought}, {4000, thought}, {4000, text_event(kStory)}, {0, end_events()}};
  check_answered_by(chat, chat.talk("Tell me."), "local", "first", 1);
}

TEST_CASE("after the first token nothing is asked again: the text is kept and the error told") {
  using End = ModelAnswer::End;
  const auto text = text_event("Once upon");
  const std::vector<Failure> failures = {
      {"ends", stream(text)},
      {"breaks", stream(text, End::break_connection)},
      {"errs", stream(text + "data: {\"error\":{\"code\":503}}\n\n", End::stay_open)},
      {"stalls", stream(text, End::stay_open)},
      {"garbage", stream(text + "data: what?\n\n", End::stay_open)}};
  for (const auto& [what, answer] : failures) {
    CAPTURE(what);
    RouteWorld chat;
    static_cast<ModelAnswer&>(chat.model) = answer;
    const auto& client = chat.talk("Tell me.");
    const auto events = read_events(client);
    CHECK(events.text == "Once upon");
    CHECK(error_code(client).starts_with("provider_"));
    CHECK(events.others.size() == 2);  // metadata and one error
    CHECK(chat.model.exchanges.size() == 1);
    CHECK(chat.second.exchanges.empty());
    CHECK(chat.database.sessions.begin()->second.back().content == "Once upon");
    CHECK(chat.world.open_exchanges() == 0);
  }
}

TEST_CASE("attempts and pauses stay within the time limit of the whole reply") {
  RouteWorld chat;
  chat.world.environment["FABULA_TIME_LIMIT_MS"] = "6000";
  static_cast<ModelAnswer&>(chat.model) = refusal(429, "retry-after: 9\n");
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 2);

  RouteWorld late;
  late.world.environment["FABULA_TIME_LIMIT_MS"] = "6000";
  static_cast<ModelAnswer&>(late.model) = refusal(500);
  static_cast<ModelAnswer&>(late.second) = silence();
  auto& client = late.post(kBody);
  late.world.run_for(6'100);
  CHECK(client.is_ended());
  // What the time was spent on says more than that it is over.
  CHECK(error_code(client) == "provider_error");
  CHECK(late.third.exchanges.empty());
  CHECK(late.second.exchanges.at(0)->is_closed_by_guest());
}

TEST_CASE("during a pause the client's leaving, a cancel and the isolate's end are noticed") {
  struct Case {
    const char* status;
    void (*happen)(ChatWorld&, sim::Client&);
  };
  const std::vector<Case> cases = {
      {"disconnected", [](ChatWorld&, sim::Client& client) { client.leave(); }},
      {"stopped",
       [](ChatWorld& chat, sim::Client&) { chat.database.generations[0].cancel_requested = true; }},
      {"interrupted", [](ChatWorld& chat, sim::Client&) { chat.world.announce_end_of_isolate(); }}};
  for (const auto& [status, happen] : cases) {
    CAPTURE(status);
    RouteWorld chat;
    static_cast<ModelAnswer&>(chat.model) = refusal(429, "retry-after: 10\n");
    auto& client = chat.post(kBody);
    chat.world.run_for(3'000);
    happen(chat, client);
    chat.world.run();
    CHECK(chat.database.generations[0].status == status);
    CHECK(chat.model.exchanges.size() == 1);
    CHECK(chat.second.exchanges.empty());
    CHECK(chat.world.unfinished_requests() == 0);
  }
}

TEST_CASE("during pauses and attempts, beats and saves go on as signs of life") {
  RouteWorld chat;
  chat.world.behaviour.host_traits = 1;
  chat.model.first_answers = {refusal(429, "retry-after: 10\n")};
  chat.model.pieces = {{20'000, text_event(kStory)}, {0, end_events()}};
  const auto& client = chat.talk("Tell me.");
  check_answered_by(chat, client, "local", "first", 2);
  CHECK(read_events(client).comments >= 29);
  int saves = 0;
  for (const auto& call : chat.database.calls) saves += call == "append_chunk" ? 1 : 0;
  CHECK(saves == 6);  // every 5 seconds of 30
}

TEST_CASE("a refusal whose body does not end is understood after two seconds") {
  RouteWorld chat;
  static_cast<ModelAnswer&>(chat.model) = refusal(401);
  chat.model.end = ModelAnswer::End::stay_open;
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 2);
  CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms.at(0) == 2020);
}

TEST_CASE("an entry whose key is not set is passed over, unless there is no other") {
  RouteWorld chat;
  chat.world.environment["MODEL_CHAT"] = "openai:gpt-4o-mini,ollama:second";
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 1);

  RouteWorld none;
  none.world.environment["MODEL_CHAT"] = "openai:gpt-4o-mini,groq:another";
  const auto& client = none.talk("Tell me.");
  CHECK(client.status() == 503);
  const auto problem = *json::parse(client.body());
  CHECK(json::string_at(problem, "code") == "no_provider");
  CHECK(json::string_at(problem, "detail")->find("OPENAI_API_KEY") != std::string::npos);
  CHECK(none.database.calls.empty());
}
