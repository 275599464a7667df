// Models that fail before their first token: which model is asked instead, and what the client
// learns.
#include <string>
#include <vector>

#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

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
    answer_always(chat.model, answer);
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
    answer_always(chat.model, refusal(status));
    const auto& client = chat.talk("Tell me.");
    check_answered_by(chat, client, "ollama", "second", 2);
    CHECK(chat.model.exchanges.size() == 1);
    CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms[0] <= 21);
  }
}

TEST_CASE("each model is sent the conversation with its own name") {
  RouteWorld chat;
  answer_always(chat.model, refusal(400));
  answer_always(chat.second, refusal(400));
  const auto& client = chat.talk("Tell me.");
  check_answered_by(chat, client, "llamacpp", "third", 3);
  const auto first = *json::parse(chat.model.exchanges.at(0)->body);
  const auto third = *json::parse(chat.third.exchanges.at(0)->body);
  CHECK(first["model"] == "first");
  CHECK(third["model"] == "third");
  CHECK(third["messages"] == first["messages"]);
}

TEST_CASE("when nobody answers, the most hopeful problem is told, and nothing is stored") {
  RouteWorld chat;
  answer_always(chat.model, refusal(401));
  answer_always(chat.second, refusal(500));
  answer_always(chat.third, refusal(429, "retry-after: 60\n"));
  const auto& client = chat.talk("Tell me.");
  CHECK(error_code(client) == "provider_error");
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
    answer_always(chat.model, answer);
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
