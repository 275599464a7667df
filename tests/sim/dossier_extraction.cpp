// The tasks function reads conversations for their dossiers: the extractor's prompt, the stored
// part of its answer, and the handling of useless answers.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "functions/tasks/tasks.hpp"
#include "shared/dossier/fold/room.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "tests/sim/peers/picky_server.hpp"
#include "tests/sim/route_world.hpp"
#include "tests/sim/task_answers.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kProject = "00000000-0000-4000-8000-000000000001";
const std::string kMessage = "00000000-0000-4000-8000-000000000011";
const std::string kReply = "00000000-0000-4000-8000-000000000012";

const std::string kWork =
    R"({"step":{"job_id":"j","step":1,"kind":"dossier_extraction","lease_token":"l",
  "attempts":1,"session_id":"s","user_id":"u","project_id":")" +
    kProject + R"(","before":[],"messages":[
   {"message_id":")" +
    kMessage +
    R"(","role":"user","text":"Mara is 34.","from_byte":0,"to_byte":11,
    "created_at":1000},
   {"message_id":")" +
    kReply +
    R"(","role":"assistant","text":"And her dog?","from_byte":0,"to_byte":12,
    "created_at":2000}]}})";
const std::string kNothing = R"("locations":[],"objects":[],"themes":[],"plot_points":[],
  "open_questions":[],"story":[],"renames":[],"retractions":[])";
const std::string kMara = R"({"characters":[{"name":"Mara","aliases":[],"quote":"Mara","fields":[
    {"field":"age","value":"34","quote":"is 34","corrects":""},
    {"field":"age","value":"35","quote":"is 35","corrects":""}],"relationships":[]}],)" +
                          kNothing + "}";

struct ExtractionWorld : ChatWorld {
  ExtractionWorld() : ChatWorld(1) {
    database.answers = {
        {"claim_step", kWork},
        {"read_dossier_log", R"({"project_id":"p","user_id":"u","name":"n","head":0,"folded_to":0,
           "log_start":0,"snapshot":null,"entries":[]})"},
        {"commit_step", R"({"job_id":"j","step":1,"status":"done","attempts":1,"already":false,
           "dossier":{"head":2,"added":2,"folded_to":2,"log_start":0,"tail":null}})"},
        {"commit_assertions", R"({"head":3,"added":0,"folded_to":3,"log_start":0,"tail":null})"},
        {"fail_step", R"({"job_id":"j","step":1,"status":"queued","attempts":1,"already":false})"}};
    database.fault = [this](const std::string& function) {
      if (function == "claim_step" && ++claims > 1) {
        database.answers["claim_step"] = R"({"step":null})";
      }
      return fault ? fault(function) : Fault::none;
    };
    answer(kMara);
  }

  void answer(std::string_view text) {
    std::string events;
    // In pieces that a decoder takes.
    for (std::size_t at = 0; at < text.size(); at += 30'000) {
      events += text_event(text.substr(at, 30'000));
    }
    answer_always(model, stream(events + end_events()));
  }

  std::string run() {
    auto& client = world.call(&tasks_function::handle,
                              "POST http://edge/functions/v1/tasks/run\n"
                              "apikey: sb_secret_simulated\n",
                              {});
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
    return client.body();
  }

  const json::Document* request_of(std::string_view function) const {
    for (std::size_t i = 0; i < database.calls.size(); ++i) {
      if (database.calls[i] == function) return &database.requests[i];
    }
    return nullptr;
  }

  json::Document log() const { return *json::parse(world.log().back()); }

  int claims = 0;
  std::function<Fault(const std::string&)> fault;
};

constexpr std::string_view kDone = R"({"done":1,"failed":0,"left":false})";
constexpr std::string_view kFailed = R"({"done":0,"failed":1,"left":false})";

}  // namespace

TEST_CASE("what the text says is stored with its quotes and the dossier that it makes") {
  ExtractionWorld edge;
  CHECK(counts_of(edge.run()) == kDone);
  const auto asked = *json::parse(edge.model.exchanges.at(0)->body);
  const auto& messages = asked["messages"];
  CHECK(json::string_at(messages[1], "content")->find("Mara is 34.") != std::string_view::npos);
  CHECK(asked["response_format"]["json_schema"]["name"] == "dossier");
  CHECK(asked["max_tokens"] == 8000);

  const auto* commit = edge.request_of("commit_step");
  REQUIRE(commit);
  const auto& result = (*commit)["result"];
  CHECK(json::integer_at(result, "base") == 0);
  REQUIRE(result["assertions"].size() == 2);
  for (const auto& row : result["assertions"]) CHECK(row["message_id"] == kMessage);
  CHECK(result["snapshot"]["characters"][0]["name"] == "Mara");
  CHECK(result["snapshot"]["characters"][0]["age"] == "34");
  CHECK(json::string_at(result["facts"], "text")->find("age: 34") != std::string_view::npos);
  CHECK(result["model"] == "local:scripted");
  const auto log = edge.log();
  CHECK(log["items_found"] == 3);
  CHECK(log["items_kept"] == 2);
  CHECK(log["items_without_quote"] == 1);
  CHECK(result["items_found"] == 3);
  CHECK(result["items_without_quote"] == 1);
  CHECK_FALSE(edge.request_of("commit_assertions"));
}

TEST_CASE("FABULA_DOSSIER_MAX_OUTPUT_TOKENS is for models that cannot write as much") {
  ExtractionWorld edge;
  edge.world.environment["FABULA_DOSSIER_MAX_OUTPUT_TOKENS"] = "4096";
  CHECK(counts_of(edge.run()) == kDone);
  CHECK((*json::parse(edge.model.exchanges.at(0)->body))["max_tokens"] == 4096);
}

TEST_CASE("what others have stored meanwhile is folded in, and the snapshot stored again") {
  ExtractionWorld edge;
  edge.database.answers["commit_step"] =
      R"({"job_id":"j","step":1,"status":"done","attempts":1,"already":false,"dossier":{"head":3,"added":2,
          "folded_to":0,"log_start":0,"tail":[]}})";
  CHECK(counts_of(edge.run()) == kDone);
  const auto* commit = edge.request_of("commit_assertions");
  REQUIRE(commit);
  CHECK(json::integer_at(*commit, "base") == 3);
  CHECK((*commit)["assertions"].empty());
  CHECK((*commit)["snapshot"]["characters"][0]["name"] == "Mara");
}

TEST_CASE("that the snapshot cannot be stored does not undo what was found") {
  ExtractionWorld edge;
  edge.database.answers["commit_step"] =
      R"({"job_id":"j","step":1,"status":"done","attempts":1,"already":false,"dossier":{"head":3,"added":2,
          "folded_to":0,"log_start":0,"tail":[]}})";
  edge.fault = [](const std::string& function) {
    return function == "commit_assertions" ? Fault::answer_503 : Fault::none;
  };
  CHECK(counts_of(edge.run()) == kDone);
  CHECK_FALSE(edge.request_of("fail_step"));
  CHECK(edge.log()["code"] == "database_unavailable");
}

TEST_CASE("work without messages folds the log, and asks nobody") {
  ExtractionWorld edge;
  edge.database.answers["claim_step"] =
      R"({"step":{"job_id":"j","step":1,"kind":"dossier_extraction","lease_token":"l","attempts":1,
          "session_id":"s","user_id":"u","project_id":"p","messages":[],"before":[]}})";
  CHECK(counts_of(edge.run()) == kDone);
  CHECK(edge.model.exchanges.empty());
  CHECK((*edge.request_of("commit_step"))["result"]["assertions"].empty());
}

TEST_CASE("a server that takes no form of the answer is told it in words, and read as well") {
  ExtractionWorld edge;
  edge.world.environment["MODEL_DOSSIER"] = "custom:m";
  edge.world.environment["CUSTOM_BASE_URL"] = "http://picky.example/llm";
  const PickyServer server(edge.world, "http://picky.example", "/llm/v1/chat/completions",
                           {"stream_options", "response_format"}, kMara);
  CHECK(counts_of(edge.run()) == kDone);
  CHECK(server.asked.size() == 4);
  CHECK(server.bodies.back().find("response_format") == std::string::npos);
  CHECK(server.bodies.back().find("retractions") != std::string::npos);
  const auto log = edge.log();
  REQUIRE(log["provider_failures"].size() == 3);
  CHECK(log["provider_failures"][0]["route"] == "MODEL_DOSSIER");
}

TEST_CASE("the server of chat's models is enough for the dossier, in OpenAI's place too") {
  for (const std::string provider : {"openai", "ollama"}) {
    CAPTURE(provider);
    ExtractionWorld edge;
    edge.world.environment["MODEL_CHAT"] = provider + ":qwen3";
    edge.world.environment[provider == "openai" ? "OPENAI_BASE_URL" : "OLLAMA_BASE_URL"] =
        "http://own.example";
    const PickyServer server(edge.world, "http://own.example", "/v1/chat/completions", {}, kMara);
    CHECK(counts_of(edge.run()) == kDone);
    REQUIRE(server.bodies.size() == 1);
    CHECK(server.bodies[0].find(R"("model":"qwen3")") != std::string::npos);
  }
}

TEST_CASE("an answer that breaks off keeps its whole items") {
  ExtractionWorld edge;
  const std::string person = kMara.substr(0, kMara.find("]}],") + 2);
  const auto cut = person + R"(,{"name":"Her dog","aliases":[],"quote":"her d)";
  answer_always(edge.model, stream(text_event(cut) + end_events("length")));
  CHECK(counts_of(edge.run()) == kDone);
  const auto& result = (*edge.request_of("commit_step"))["result"];
  CHECK(result["snapshot"]["characters"].size() == 1);
  CHECK(result["snapshot"]["characters"][0]["age"] == "34");
}

TEST_CASE("a log that has no room for more is not read for: no model is asked, and it says why") {
  std::string rows;
  for (std::size_t number = 1; number <= dossier::kMaximumFoundEntries; ++number) {
    const auto text = std::to_string(number);
    const auto id = std::string(8 - text.size(), '0') + text + std::string(56, '0');
    rows += (rows.empty() ? "" : ",") + std::string(R"({"assertion_id":")") + id +
            R"(","kind":"user","message_id":null,"position":)" + text +
            R"(,"body":{"do":"add","type":"theme","text":"Sea )" + text +
            R"(","operation":"o","at":1}})";
  }
  const auto head = std::to_string(dossier::kMaximumFoundEntries);
  ExtractionWorld edge;
  edge.database.answers["read_dossier_log"] =
      R"({"project_id":"p","user_id":"u","name":"n","head":)" + head +
      R"(,"folded_to":0,"log_start":0,"snapshot":null,"entries":[)" + rows + "]}";
  CHECK(counts_of(edge.run()) == kFailed);
  CHECK(edge.model.exchanges.empty());
  CHECK_FALSE(edge.request_of("commit_step"));
  const auto* failure = edge.request_of("fail_step");
  REQUIRE(failure);
  CHECK(json::string_at(*failure, "error")->starts_with("body_too_large"));
}

TEST_CASE("invented quotes leave nothing, and the part is read") {
  ExtractionWorld edge;
  edge.answer(R"({"characters":[{"name":"Tom","aliases":[],"quote":"Tom came","fields":[],
      "relationships":[]}],)" +
              kNothing + "}");
  CHECK(counts_of(edge.run()) == kDone);
  const auto& result = (*edge.request_of("commit_step"))["result"];
  CHECK(result["assertions"].empty());
  CHECK(edge.log()["items_found"] == 1);
  CHECK(edge.log()["items_kept"] == 0);
  CHECK(edge.log()["items_without_quote"] == 1);
  CHECK(result["items_found"] == 1);
  CHECK(result["items_without_quote"] == 1);
}

TEST_CASE("answers of no use are given back with a clear reason, and nothing is stored") {
  std::string deep = R"({"characters":)";
  deep.append(10'000, '[').append(10'000, ']').append("}");
  std::string long_answer = R"({"characters":[)";
  while (long_answer.size() < 10'000'000) {
    long_answer += R"({"name":"Mara","aliases":[],"quote":"Mara","fields":[],"relationships":[]},)";
  }
  const std::string texts[] = {
      "I cannot do that.",
      "null",
      "[]",
      "{}",
      R"({"characters":7})",
      deep,
      long_answer,
      std::string(1000, '{'),
      std::string(100'000, 'x'),
      "\"" + std::string(5000, '\\'),
  };
  for (const auto& text : texts) {
    CAPTURE(text.substr(0, 60));
    ExtractionWorld edge;
    edge.answer(text);
    CHECK(counts_of(edge.run()) == kFailed);
    CHECK_FALSE(edge.request_of("commit_step"));
    const auto* failure = edge.request_of("fail_step");
    REQUIRE(failure);
    CHECK(json::string_at(*failure, "error")->starts_with("provider_"));
  }
}

TEST_CASE("an answer of 5,000 people is as many as it may have, and stored") {
  ExtractionWorld edge;
  std::string all = R"({"characters":[)";
  for (int number = 0; number < 5000; ++number) {
    all += number == 0 ? "" : ",";
    all += R"({"name":"P)" + std::to_string(number) +
           R"(","aliases":[],"quote":"Mara","fields":[],"relationships":[]})";
  }
  edge.answer(all + "]," + kNothing + "}");
  CHECK(counts_of(edge.run()) == kDone);
  const auto& result = (*edge.request_of("commit_step"))["result"];
  CHECK(result["assertions"].size() == 400);
  CHECK(result["snapshot"]["characters"].size() == 400);
}

TEST_CASE("faults of database and model at any step give the task back or leave it to its lease") {
  for (const char* function : {"read_dossier_log", "commit_step", "fail_step"}) {
    for (const auto fault : {Fault::refuse_connection, Fault::answer_garbage, Fault::answer_503,
                             Fault::never_answer, Fault::lose_answer, Fault::call_twice}) {
      CAPTURE(function);
      CAPTURE(static_cast<int>(fault));
      ExtractionWorld edge;
      edge.fault = [&](const std::string& called) {
        return called == function ? fault : Fault::none;
      };
      if (std::string_view(function) == "fail_step") answer_always(edge.model, refusal(401));
      const auto body = counts_of(edge.run());
      // A call that has used up its time does not look for more work.
      const bool is_late = body == R"({"done":0,"failed":1,"left":true})";
      CHECK((body == kDone || body == kFailed || (is_late && fault == Fault::never_answer)));
    }
  }
}

TEST_CASE("the isolate's end while the model thinks gives the task back") {
  ExtractionWorld edge;
  answer_always(edge.model, silence());
  auto& client = edge.world.call(&tasks_function::handle,
                                 "POST http://edge/functions/v1/tasks/run\n"
                                 "apikey: sb_secret_simulated\n",
                                 {});
  edge.world.run_for(1000);
  edge.world.announce_end_of_isolate();
  edge.world.run();
  CHECK(counts_of(client.body()) == R"({"done":0,"failed":1,"left":true})");
  CHECK(edge.request_of("fail_step"));
  CHECK_FALSE(edge.request_of("commit_step"));
}
