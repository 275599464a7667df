// The tasks function: which tasks are done, their stored results, and the handling of tasks that
// cannot be done.
#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "functions/tasks/tasks.hpp"
#include "tests/sim/peers/picky_server.hpp"
#include "tests/sim/route_world.hpp"
#include "tests/sim/task_answers.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kOperator = "apikey: sb_secret_simulated\n";

struct TasksWorld : ChatWorld {
  TasksWorld() : ChatWorld(1) {
    database.answers = {
        {"claim_step", R"({"step":{"job_id":"j","step":1,"kind":"session_summary","lease_token":"l",
           "attempts":1,"session_id":"s","user_id":"u","previous_summary":"A fox.",
           "messages":[{"role":"user","content":"It is red."},
                       {"role":"assistant","content":"Red it is."}],"until_message_id":"m"}})"},
        {"commit_step", R"({"job_id":"j","step":1,"status":"done","already":false})"},
        {"fail_step", R"({"job_id":"j","step":1,"status":"queued","already":false})"},
        {"record_model_calls", "{}"}};
    model.tell("A red fox.", 10);
  }

  sim::Client& run(std::string body = {}, const std::string& headers = kOperator) {
    auto head = "POST http://edge/functions/v1/tasks/run\n" + headers;
    if (!body.empty()) head += "content-type: application/json\n";
    auto& client = world.call(&tasks_function::handle, head, std::move(body));
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
    return client;
  }

  // After this many tasks there is nothing left to claim.
  void let_claim(std::size_t count) {
    database.fault = [this, count](const std::string& function) {
      if (function == "claim_step" && called("claim_step") > count) {
        database.answers["claim_step"] = R"({"step":null})";
      }
      return Fault::none;
    };
  }

  std::size_t called(std::string_view function) const {
    std::size_t count = 0;
    for (const auto& call : database.calls) count += call == function ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("a summary is made of the one before and what was said after it, and stored") {
  TasksWorld edge;
  edge.let_claim(1);
  const auto& client = edge.run();
  CHECK(client.status() == 200);
  CHECK(counts_of(client.body()) == R"({"done":1,"failed":0,"left":false})");
  const auto body = *json::parse(edge.model.exchanges.at(0)->body);
  const auto& messages = *json::find(body, "messages");
  REQUIRE(messages.size() == 2);
  const auto question = std::string(*json::string_at(messages[1], "content"));
  for (const char* part : {"A fox.", "Person: It is red.", "Co-writer: Red it is."}) {
    CHECK(question.find(part) != std::string::npos);
  }
  REQUIRE(edge.database.calls == std::vector<std::string>{"claim_step", "commit_step", "claim_step",
                                                          "take_deleted_snapshots", "clean"});
  const auto& commit = edge.database.requests.at(1);
  CHECK(json::string_at(commit, "lease_token") == "l");
  const auto& result = *json::find(commit, "result");
  CHECK(json::string_at(result, "summary") == "A red fox.");
  CHECK(json::string_at(result, "prompt") == "summary-1");
  const auto& calls = *json::find(commit, "calls");
  REQUIRE(calls.size() == 1);
  CHECK(json::string_at(calls[0], "model") == "scripted");
  CHECK(json::string_at(calls[0], "status") == "complete");
  CHECK(json::integer_at(calls[0], "output_tokens") == 7);
  const auto log = *json::parse(edge.world.log().back());
  CHECK(log["tokens_out"] == 7);
  CHECK(log.find("code") == log.end());
}

TEST_CASE("tasks are done one after another until the limit, or until the time is half over") {
  TasksWorld edge;
  const auto& two = edge.run(R"({"limit":2,"kinds":["session_summary"]})");
  CHECK(counts_of(two.body()) == R"({"done":2,"failed":0,"left":true})");
  CHECK(edge.called("claim_step") == 2);

  TasksWorld slow;
  slow.model.tell("A red fox.", 5000);  // in four pieces
  CHECK(counts_of(slow.run().body()) == R"({"done":2,"failed":0,"left":true})");
  CHECK(slow.model.asked_at_ms.at(1) - slow.model.asked_at_ms[0] < 25'000);
}

TEST_CASE("FABULA_TASKS_TIME_LIMIT_MS gives a slow model the time that it needs") {
  constexpr std::int64_t kGapMs = 20'000;  // before each of four pieces
  TasksWorld usual;
  usual.model.tell("A red fox.", kGapMs);
  usual.let_claim(1);
  CHECK(counts_of(usual.run().body()) == R"({"done":0,"failed":1,"left":true})");
  CHECK(json::integer_at(usual.database.requests.at(0), "lease_seconds") == 75);

  TasksWorld patient;
  patient.world.environment["FABULA_TASKS_TIME_LIMIT_MS"] = "200000";
  patient.model.tell("A red fox.", kGapMs);
  patient.let_claim(1);
  CHECK(counts_of(patient.run().body()) == R"({"done":1,"failed":0,"left":false})");
  // No other worker takes the task meanwhile.
  CHECK(json::integer_at(patient.database.requests.at(0), "lease_seconds") == 225);
}

TEST_CASE("what cannot be done is given back with its reason, and the next is begun") {
  TasksWorld edge;
  edge.model.first_answers = {refusal(401)};
  edge.let_claim(2);
  const auto body = edge.run().body();
  CHECK(counts_of(body) == R"({"done":1,"failed":1,"left":false})");
  const auto answer = *json::parse(body);
  const auto& told = (*json::find(answer, "failures"))[0];
  CHECK(json::string_at(told, "kind") == "session_summary");
  CHECK(json::string_at(told, "code") == "provider_unauthorized");
  REQUIRE(edge.called("fail_step") == 1);
  const auto& failure = edge.database.requests.at(1);
  CHECK(json::string_at(failure, "lease_token") == "l");
  CHECK(json::string_at(failure, "error") ==
        "provider_unauthorized: " + std::string(json::string_at(told, "message").value_or("")));
  const auto log = *json::parse(edge.world.log().back());
  CHECK(log["code"] == "provider_unauthorized");
}

TEST_CASE("a provider's wish to be left alone is kept with the task") {
  TasksWorld edge;
  answer_always(edge.model, refusal(429, "retry-after: 120\n"));
  edge.let_claim(1);
  edge.run();
  CHECK(json::integer_at(edge.database.requests.at(1), "retry_after_seconds") == 120);
}

TEST_CASE("what a server refuses is left out of the background's requests, and remembered") {
  TasksWorld edge;
  edge.world.environment["MODEL_CHAT"] = "custom:m";
  edge.world.environment["CUSTOM_BASE_URL"] = "http://picky.example";
  const PickyServer server(edge.world, "http://picky.example", "/chat/completions",
                           {"stream_options", "max_tokens"}, "A red fox.");
  edge.let_claim(2);
  CHECK(counts_of(edge.run().body()) == R"({"done":2,"failed":0,"left":false})");
  REQUIRE(server.asked.size() == 5);  // once more for each of three, and the second task at once
  CHECK(server.bodies.back().find("max_completion_tokens") != std::string::npos);
  const auto log = *json::parse(edge.world.log().back());
  REQUIRE(log["provider_failures"].size() == 3);
  CHECK(log["provider_failures"][0]["route"] == "MODEL_CHAT");
  CHECK(log["provider_failures"][0]["model"] == "m");
  CHECK(log["provider_failures"][1]["message"] ==
        "Unsupported parameter: 'stream_options' is not supported.");
}

TEST_CASE("the background waits as a provider asks, wherever it says so") {
  struct Case {
    const char* headers;
    const char* body;
    std::int64_t seconds;
  };
  const Case cases[] = {{"retry-after-ms: 90500\n", "{}", 91},
                        {"x-ms-retry-after-ms: 90500\n", "{}", 91},
                        {"", R"({"error":{"code":429,"details":[{"retryDelay":"45s"}]}})", 45},
                        {"", R"({"error":{"message":"Please try again in 1m20s."}})", 80}};
  for (const auto& [headers, body, seconds] : cases) {
    CAPTURE(headers);
    CAPTURE(body);
    TasksWorld edge;
    auto answer = stream(body);
    answer.status = 429;
    answer.headers = headers;
    answer_always(edge.model, answer);
    edge.let_claim(1);
    edge.run();
    CHECK(json::integer_at(edge.database.requests.at(1), "retry_after_seconds") == seconds);
  }
}

TEST_CASE("the background waits until the time that a provider names") {
  TasksWorld edge;
  const auto until_s = static_cast<std::time_t>(edge.world.clock().now_ms() / 1000 + 100);
  char date[40] = {};
  REQUIRE(std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&until_s)) > 0);
  answer_always(edge.model, refusal(429, std::string("retry-after: ") + date + "\n"));
  edge.let_claim(1);
  edge.run();
  const auto wait_s = json::integer_at(edge.database.requests.at(1), "retry_after_seconds");
  REQUIRE(wait_s);
  CHECK(*wait_s > 90);
  CHECK(*wait_s <= 100);
}

TEST_CASE("an account without credit is told as that, and not asked again") {
  TasksWorld edge;
  auto answer = stream(R"({"error":{"message":"Insufficient Balance","type":"unknown_error"}})");
  answer.status = 402;
  answer_always(edge.model, answer);
  edge.let_claim(1);
  edge.run();
  CHECK(edge.model.exchanges.size() == 1);
  const auto error =
      std::string(json::string_at(edge.database.requests.at(1), "error").value_or(""));
  CHECK(error.starts_with("provider_refused_request: "));
  CHECK(error.find("no credit left") != std::string::npos);
}

TEST_CASE("a summary that comes whole, though a stream was asked for, is the summary") {
  TasksWorld edge;
  answer_always(edge.model, stream(R"({"choices":[{"index":0,"message":{"content":"A red fox."},)"
                                   R"("finish_reason":"stop"}]})"));
  edge.let_claim(1);
  CHECK(counts_of(edge.run().body()) == R"({"done":1,"failed":0,"left":false})");
  CHECK(json::string_at(*json::find(edge.database.requests.at(1), "result"), "summary") ==
        "A red fox.");
}

TEST_CASE("a summary that does not arrive is sent again; one that is refused is given back") {
  TasksWorld edge;
  int faults_left = 2;
  edge.database.fault = [&](const std::string& function) {
    return function == "commit_step" && faults_left-- > 0 ? Fault::lose_answer : Fault::none;
  };
  CHECK(counts_of(edge.run(R"({"limit":1})").body()) == R"({"done":1,"failed":0,"left":true})");
  CHECK(edge.called("commit_step") == 3);
  CHECK(edge.model.exchanges.size() == 1);

  TasksWorld refused;
  refused.database.answers.erase("commit_step");
  CHECK(counts_of(refused.run(R"({"limit":1})").body()) == R"({"done":0,"failed":1,"left":true})");
  CHECK(refused.called("fail_step") == 1);
  CHECK(refused.called("record_model_calls") == 0);
}

TEST_CASE("every request that was made is told, also when the step is somebody else's by then") {
  for (const auto& failure : {refusal(503), stream(text_event("A red"))}) {
    TasksWorld edge;
    edge.model.first_answers = {failure};
    edge.run(R"({"limit":1})");
    const auto& calls = *json::find(edge.database.requests.at(1), "calls");
    REQUIRE(calls.size() == 2);
    CHECK(json::string_at(calls[0], "status") == "failed");
    CHECK(json::string_at(calls[0], "error_code") ==
          (failure.status == 503 ? "provider_error" : "provider_incomplete"));
    CHECK(json::string_at(calls[1], "status") == "complete");
  }

  TasksWorld late;
  late.database.answers.erase("commit_step");
  late.database.answers.erase("fail_step");
  CHECK(counts_of(late.run(R"({"limit":1})").body()) == R"({"done":0,"failed":1,"left":true})");
  REQUIRE(late.called("record_model_calls") == 1);
  const auto& calls = late.database.calls;
  const auto recorded = std::find(calls.begin(), calls.end(), "record_model_calls");
  const auto& told = late.database.requests.at(static_cast<std::size_t>(recorded - calls.begin()));
  CHECK(json::string_at(told, "user_id") == "u");
  CHECK(json::find(told, "calls")->size() == 1);
}

TEST_CASE("the isolate's end gives the task back, and no other is begun") {
  TasksWorld edge;
  answer_always(edge.model, silence());
  auto& client = edge.world.call(&tasks_function::handle,
                                 "POST http://edge/functions/v1/tasks/run\n" + kOperator);
  edge.world.run_for(1000);
  edge.world.announce_end_of_isolate();
  edge.world.run();
  CHECK(counts_of(client.body()) == R"({"done":0,"failed":1,"left":true})");
  CHECK(edge.called("fail_step") == 1);
  CHECK(edge.called("claim_step") == 1);
}

TEST_CASE("a caller who hangs up does not end the work") {
  TasksWorld edge;
  edge.let_claim(1);
  auto& client = edge.world.call(&tasks_function::handle,
                                 "POST http://edge/functions/v1/tasks/run\n" + kOperator);
  edge.world.run_for(15);
  client.leave();
  edge.world.run();
  CHECK(edge.called("commit_step") == 1);
}

TEST_CASE("MODEL_SUMMARY names the models; without any that can be used nothing is claimed") {
  TasksWorld edge;
  ScriptedModel second(edge.world, "http://127.0.0.1:11434/v1");
  second.tell("A fox.", 10);
  edge.world.environment["MODEL_SUMMARY"] = "ollama:small";
  edge.let_claim(1);
  CHECK(counts_of(edge.run().body()) == R"({"done":1,"failed":0,"left":false})");
  CHECK(second.exchanges.size() == 1);
  CHECK(edge.model.exchanges.empty());

  TasksWorld none;
  none.world.environment["MODEL_SUMMARY"] = "openai:gpt-4o-mini";
  const auto& client = none.run(R"({"kinds":["session_summary"]})");
  CHECK(client.status() == 503);
  CHECK(client.body().find("OPENAI_API_KEY") != std::string::npos);
  CHECK(none.database.calls.empty());
  // A worker that can do other kinds does those.
  none.run();
  CHECK(
      json::dump(*json::find(none.database.requests.at(0), "kinds")) ==
      R"(["dossier_extraction","companion_memory","dossier_import","conversation_snapshot","story"])");
}

TEST_CASE("a long answer is cut to what a small room has use for") {
  TasksWorld edge;
  edge.world.environment["FABULA_HISTORY_TOKENS"] = "200";
  std::string words;
  for (int at = 0; at < 60; ++at) words += "The fox is red. ";
  answer_always(edge.model, stream(text_event(words) + end_events()));
  edge.run(R"({"limit":1})");
  const auto summary =
      *json::string_at(*json::find(edge.database.requests.at(1), "result"), "summary");
  CHECK(summary.size() <= 200);
  CHECK(summary.ends_with("red."));
}

TEST_CASE("it is for whoever runs the server, and for the platform's own clock") {
  TasksWorld edge;
  edge.let_claim(0);
  CHECK(edge.run({}, "").status() == 401);
  CHECK(edge.run({}, "authorization: Bearer fg_" + std::string(43, 'A') + "\n").status() == 401);
  CHECK(edge.run({}, "apikey: sb_publishable_simulated\n").status() == 401);
  CHECK(edge.database.calls.empty());
  CHECK(edge.run({}, "authorization: Bearer sb_secret_simulated\n").status() == 200);
  edge.world.behaviour.host_traits = 2;
  CHECK(edge.run({}, "").status() == 200);
}

TEST_CASE("while the secret key is rotated both are accepted, and the default one is sent") {
  TasksWorld edge;
  edge.let_claim(0);
  edge.world.environment["SUPABASE_SECRET_KEYS"] =
      R"({"before":"sb_secret_before","default":"sb_secret_simulated"})";
  for (const std::string key : {"sb_secret_before", "sb_secret_simulated"}) {
    CAPTURE(key);
    CHECK(edge.run({}, "apikey: " + key + "\n").status() == 200);
    CHECK(edge.run({}, "authorization: Bearer " + key + "\n").status() == 200);
  }
  CHECK(edge.run({}, "apikey: sb_secret_other\n").status() == 401);
  CHECK(edge.run({}, "apikey: sb_secret_\n").status() == 401);
}

TEST_CASE("kinds that nobody knows, and limits out of range, are refused before anything is done") {
  TasksWorld edge;
  for (const char* body :
       {R"({"kinds":["dreams"]})", R"({"kinds":[]})", R"({"limit":0})",
        R"({"kinds":["session_summary","session_summary"]})", R"({"limit":101})"}) {
    CAPTURE(body);
    CHECK(edge.run(body).status() == 422);
  }
  CHECK(edge.database.calls.empty());
}
