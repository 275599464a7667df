// How long to wait for models before the next is asked, and what continues meanwhile.
#include <string>
#include <vector>

#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kBody = R"({"text":"Tell me."})";

}  // namespace

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
  answer_always(chat.model, silence());
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

TEST_CASE("words that are held back, since they may be thoughts, are no silence either") {
  RouteWorld chat;
  chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "5000";
  chat.model.pieces = {{4000, text_event("Okay, a fox.")},
                       {4000, text_event(" It writes.</think>")},
                       {4000, text_event(kStory)},
                       {0, end_events()}};
  check_answered_by(chat, chat.talk("Tell me."), "local", "first", 1);
}

TEST_CASE("attempts and pauses stay within the time limit of the whole reply") {
  RouteWorld chat;
  chat.world.environment["FABULA_TIME_LIMIT_MS"] = "6000";
  answer_always(chat.model, refusal(429, "retry-after: 9\n"));
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 2);

  RouteWorld late;
  late.world.environment["FABULA_TIME_LIMIT_MS"] = "6000";
  answer_always(late.model, refusal(500));
  answer_always(late.second, silence());
  auto& client = late.post(kBody);
  late.world.run_for(6'100);
  CHECK(client.is_ended());
  // The failure that used up the time is more informative than the timeout.
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
    answer_always(chat.model, refusal(429, "retry-after: 10\n"));
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
  CHECK(saves == 7);  // every 4 seconds of 30
}

TEST_CASE("a refusal whose body does not end is understood after two seconds") {
  RouteWorld chat;
  answer_always(chat.model, refusal(401));
  chat.model.end = ModelAnswer::End::stay_open;
  check_answered_by(chat, chat.talk("Tell me."), "ollama", "second", 2);
  CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms.at(0) == 2020);
}
