// The summary of a realtime session: the model's prompt, the stored result, and steps that are
// given back.
#include <doctest/doctest.h>

#include <string>

#include "functions/tasks/tasks.hpp"
#include "tests/sim/route_world.hpp"
#include "tests/sim/task_answers.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

struct SummaryWorld : ChatWorld {
  SummaryWorld() : ChatWorld(1) {
    claim(R"("previous_summary":null)");
    database.answers["commit_step"] = R"({"job_id":"j","step":1,"status":"done","already":false})";
    database.answers["fail_step"] = R"({"job_id":"j","step":1,"status":"queued","already":false})";
    model.tell("A keeper and her fox.", 10);
  }

  void claim(const std::string& previous) {
    database.answers["claim_step"] =
        R"({"step":{"job_id":"j","step":1,"kind":"realtime_summary","lease_token":"l",
            "attempts":1,"session_id":"s","user_id":"u",)" +
        previous + R"(,"messages":[{"role":"user","content":"A keeper."},
                       {"role":"assistant","content":"With a fox?"}]}})";
  }

  std::string run() {
    auto& client = world.call(&tasks_function::handle,
                              "POST http://edge/functions/v1/tasks/run\n"
                              "apikey: sb_secret_simulated\ncontent-type: application/json\n",
                              R"({"limit":1,"kinds":["realtime_summary"]})");
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(client.status() == 200);
    return std::string(client.body());
  }

  std::string said(std::size_t message) const {
    const auto body = *json::parse(model.exchanges.at(0)->body);
    return std::string(*json::string_at((*json::find(body, "messages"))[message], "content"));
  }
};

}  // namespace

TEST_CASE("a session's summary is made of what was said, and stored with its prompt's name") {
  SummaryWorld edge;
  CHECK(counts_of(edge.run()) == R"({"done":1,"failed":0,"left":true})");
  CHECK(json::dump(*json::find(edge.database.requests.at(0), "kinds")) ==
        R"(["realtime_summary"])");
  CHECK(edge.said(0).find("at most 150 words") != std::string::npos);
  for (const char* part : {"(none)", "Person: A keeper.", "Co-writer: With a fox?"}) {
    CAPTURE(part);
    CHECK(edge.said(1).find(part) != std::string::npos);
  }
  REQUIRE(edge.database.calls == std::vector<std::string>{"claim_step", "commit_step"});
  const auto& result = *json::find(edge.database.requests.at(1), "result");
  CHECK(json::string_at(result, "summary") == "A keeper and her fox.");
  CHECK(json::string_at(result, "prompt") == "realtime_summary-1");
}

TEST_CASE("a further part of a long session is asked with the notes so far") {
  SummaryWorld edge;
  edge.claim(R"("previous_summary":"Mara keeps the light.")");
  edge.run();
  CHECK(edge.said(1).find("\n\nMara keeps the light.\n") != std::string::npos);
}

TEST_CASE("a summary that is longer than the database keeps is cut after a sentence") {
  SummaryWorld edge;
  std::string words;
  for (int at = 0; at < 1000; ++at) words += "The fox is red. ";
  answer_always(edge.model, stream(text_event(words) + end_events()));
  edge.run();
  const auto& result = *json::find(edge.database.requests.at(1), "result");
  const auto summary = *json::string_at(result, "summary");
  CHECK(summary.size() <= 8192);
  CHECK(summary.size() > 8000);
  CHECK(summary.ends_with("red."));
}

TEST_CASE("without a summary in the answer, or without an answer, the step is given back") {
  for (const auto& answer :
       {stream(text_event("<think>So?</think> ") + end_events()), refusal(401)}) {
    SummaryWorld edge;
    answer_always(edge.model, answer);
    CHECK(counts_of(edge.run()) == R"({"done":0,"failed":1,"left":true})");
    REQUIRE(edge.database.calls == std::vector<std::string>{"claim_step", "fail_step"});
    const auto error = json::string_at(edge.database.requests.at(1), "error").value_or("");
    CHECK(error.starts_with("provider_"));
  }
}
