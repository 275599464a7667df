// Model calls whose answers are not streamed: which are repeated, and with which model.
#include "wasm/engine/completion.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "shared/settings/table.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;
using End = ModelAnswer::End;

namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"names":{"type":"array","items":{"type":"string"}}},)"
    R"("required":["names"],"additionalProperties":false})";

engine::CompletionRequest request;
std::optional<Result<engine::Completion>> outcome;
std::vector<usage::ModelCall> calls;

runtime::Task<Result<engine::Completion>> ask(engine::Call& call) {
  const auto models = co_await engine::resolve_route(call, settings::named("MODEL_CHAT"));
  co_return co_await engine::complete(call, models, request, calls);
}

runtime::Task<void> handle(runtime::Context& context) {
  engine::Call call(context, "completion");
  REQUIRE(call.read_head());
  REQUIRE(call.read_settings());
  outcome = co_await runtime::attempt(ask(call));
  co_await call.send({});
}

struct CompletionWorld : RouteWorld {
  CompletionWorld() {
    outcome.reset();
    calls.clear();
    request = {};
    request.system_prompt = "Summarise.";
    request.user_text = "A fox.";
    model.tell(kStory, 20);
  }

  const Result<engine::Completion>& run() {
    world.call(&handle, "POST http://edge/functions/v1/completion\n");
    world.run();
    REQUIRE(outcome);
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
    return *outcome;
  }
};

struct SchemaWorld : CompletionWorld {
  SchemaWorld() { request.response_schema = kSchema; }
};

ModelAnswer told(std::string_view text, std::string_view finish_reason = "stop") {
  return stream(text_event(text) + end_events(finish_reason));
}

json::Document messages_of(const ScriptedModel& model, std::size_t number) {
  return (*json::parse(model.exchanges.at(number)->body))["messages"];
}

void check_answered_by(const Result<engine::Completion>& answer, std::string_view provider,
                       int attempts) {
  REQUIRE(answer);
  CHECK(answer->text == kStory);
  CHECK(answer->provider == provider);
  CHECK(answer->attempts == attempts);
}

}  // namespace

TEST_CASE("an answer comes whole, with who gave it and what it cost") {
  CompletionWorld edge;
  const auto& answer = edge.run();
  check_answered_by(answer, "local", 1);
  CHECK(answer->model == "first");
  CHECK(answer->usage == llm::Usage{11, 7});
  CHECK_FALSE(answer->is_truncated);
  CHECK_FALSE(answer->document);
  const auto messages = messages_of(edge.model, 0);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0]["content"] == "Summarise.");
  CHECK(messages[1]["content"] == "A fox.");
}

TEST_CASE("an attempt that fails at any moment is made again, then by the next model") {
  const auto text = text_event("Once upon");
  const std::vector<ModelAnswer> failures = {
      unreachable(),
      refusal(503),
      stream(""),
      stream(text),
      stream(text, End::break_connection),
      stream(text + "data: {\"error\":{\"code\":503}}\n\n", End::stay_open),
      stream(text + "data: what?\n\n", End::stay_open),
      stream(end_events()),
      told(" \n")};
  for (const auto& failure : failures) {
    CAPTURE(failure.status);
    CAPTURE(failure.pieces.size());
    CompletionWorld once;
    once.model.first_answers = {failure};
    check_answered_by(once.run(), "local", 2);
    const auto pause_ms = once.model.asked_at_ms.at(1) - once.model.asked_at_ms[0];
    CHECK(pause_ms >= 250);
    CHECK(once.model.exchanges[1]->body == once.model.exchanges[0]->body);

    CompletionWorld always;
    answer_always(always.model, failure);
    check_answered_by(always.run(), "ollama", 3);
  }
}

TEST_CASE("what will not pass, a refusal and a silence lead to the next model at once") {
  const std::vector<ModelAnswer> failures = {refusal(401),
                                             refusal(422),
                                             refusal(429, "retry-after: 60\n"),
                                             told("No.", "content_filter"),
                                             silence(),
                                             stream(text_event("Once"), End::stay_open)};
  for (const auto& failure : failures) {
    CAPTURE(failure.status);
    CompletionWorld edge;
    edge.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "2000";
    edge.world.environment["FABULA_IDLE_TIMEOUT_MS"] = "3000";
    answer_always(edge.model, failure);
    check_answered_by(edge.run(), "ollama", 2);
    CHECK(edge.model.exchanges.size() == 1);
    CHECK(edge.second.asked_at_ms.at(0) - edge.model.asked_at_ms[0] <= 3100);
  }
}

TEST_CASE("a model that asks for a little time gets it") {
  CompletionWorld edge;
  edge.model.first_answers = {refusal(429, "retry-after: 4\n")};
  check_answered_by(edge.run(), "local", 2);
  CHECK(edge.model.asked_at_ms.at(1) - edge.model.asked_at_ms[0] >= 4000);
}

TEST_CASE("when nobody answers, the most hopeful problem is told") {
  CompletionWorld edge;
  answer_always(edge.model, refusal(401));
  answer_always(edge.second, stream(text_event("Once")));
  answer_always(edge.third, refusal(429, "retry-after: 60\n"));
  const auto& answer = edge.run();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::provider_incomplete);
  CHECK(answer.error().retry_after_s == 0);
  CHECK(edge.second.exchanges.size() == 2);
}

TEST_CASE("the deadline is one for all attempts, and what came before it is the reason") {
  CompletionWorld edge;
  request.deadline_ms = 10'000;
  edge.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "6000";
  answer_always(edge.model, silence());
  edge.second.tell("Once upon a time there were words without an end", 2000);
  const auto began_ms = edge.world.clock().now_ms();
  const auto& answer = edge.run();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::provider_timeout);
  CHECK(edge.third.exchanges.empty());
  CHECK(edge.second.asked_at_ms.at(0) - began_ms <= 6100);

  CompletionWorld alone;
  alone.world.environment["MODEL_CHAT"] = "ollama:second";
  request.deadline_ms = 3000;
  alone.second.tell("Once upon a time there were words without an end", 2000);
  const auto& late = alone.run();
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::time_limit);
}

TEST_CASE("the isolate's end is noticed while a model is asked and between two attempts") {
  for (const bool is_between : {false, true}) {
    CAPTURE(is_between);
    CompletionWorld edge;
    answer_always(edge.model, is_between ? refusal(429, "retry-after: 8\n") : silence());
    edge.world.call(&handle, "POST http://edge/functions/v1/completion\n");
    edge.world.run_for(2000);
    REQUIRE_FALSE(outcome);
    edge.world.announce_end_of_isolate();
    edge.world.run_for(100);
    REQUIRE(outcome);
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().code == ErrorCode::interrupted);
    CHECK(edge.world.open_exchanges() == 0);
    CHECK(edge.model.exchanges.size() == 1);
  }
}

TEST_CASE("a client that has left changes nothing") {
  CompletionWorld edge;
  auto& client = edge.world.call(&handle, "POST http://edge/functions/v1/completion\n");
  edge.world.run_for(100);
  client.leave();
  edge.world.run();
  REQUIRE(outcome);
  check_answered_by(*outcome, "local", 1);
}

TEST_CASE("an answer that follows the schema is a document, whatever stands around it") {
  for (const std::string text :
       {R"({"names":["Mara","Fox"]})", "Here:\n```json\n{\"names\":[\"Mara\",\"Fox\"]}\n```\n",
        R"(<think>{"names":[]}</think>{"names":["Mara","Fox"]})"}) {
    CAPTURE(text);
    SchemaWorld edge;
    answer_always(edge.model, told(text));
    const auto& answer = edge.run();
    REQUIRE(answer);
    REQUIRE(answer->document);
    CHECK((*answer->document)["names"].size() == 2);
    CHECK(answer->attempts == 1);
    CHECK_FALSE(answer->is_truncated);
  }
}

TEST_CASE("a document that was cut off keeps its whole items") {
  SchemaWorld edge;
  answer_always(edge.model, told(R"({"names":["Mara","Fox","The light)", "length"));
  const auto& answer = edge.run();
  REQUIRE(answer);
  CHECK((*answer->document)["names"].size() == 2);
  CHECK(answer->is_truncated);
  CHECK(edge.model.exchanges.size() == 1);
}

TEST_CASE("after an answer in the wrong form the model is told what was wrong, once") {
  SchemaWorld edge;
  request.history_json =
      R"([{"role":"user","content":"Hello."},{"role":"assistant","content":"Yes?"}])";
  edge.model.first_answers = {told(R"({"people":"Mara"})")};
  answer_always(edge.model, told(R"({"names":["Mara"]})"));
  const auto& answer = edge.run();
  REQUIRE(answer);
  CHECK((*answer->document)["names"][0] == "Mara");
  CHECK(answer->attempts == 2);
  CHECK(answer->usage == llm::Usage{22, 14});
  const auto first = messages_of(edge.model, 0);
  const auto second = messages_of(edge.model, 1);
  REQUIRE(first.size() == 4);
  REQUIRE(second.size() == 6);
  for (std::size_t at = 0; at < first.size(); ++at) CHECK(second[at] == first[at]);
  CHECK(second[4]["role"] == "assistant");
  CHECK(second[4]["content"] == R"({"people":"Mara"})");
  const auto correction = second[5]["content"].get_ref<const std::string&>();
  CHECK(correction.find("names") != std::string::npos);
}

TEST_CASE("a model that does not mend its answer is left for the next, which starts anew") {
  SchemaWorld edge;
  answer_always(edge.model, told("I would rather not."));
  answer_always(edge.second, told(R"({"names":["Mara"]})"));
  const auto& answer = edge.run();
  REQUIRE(answer);
  CHECK(answer->provider == "ollama");
  CHECK(answer->attempts == 3);
  CHECK(edge.model.exchanges.size() == 2);
  CHECK(messages_of(edge.second, 0) == messages_of(edge.model, 0));
}

TEST_CASE("a correction that does not arrive is made again; when nobody follows, that is told") {
  SchemaWorld edge;
  edge.model.first_answers = {told("What?"), refusal(503), told("What?")};
  answer_always(edge.second, refusal(400));
  answer_always(edge.third, told("No."));
  const auto& answer = edge.run();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::provider_malformed);
  CHECK(edge.model.exchanges.size() == 3);
  CHECK(messages_of(edge.model, 2) == messages_of(edge.model, 1));
  CHECK(edge.third.exchanges.size() == 2);
}

TEST_CASE("what Postgres does not store is not in the text") {
  CompletionWorld edge;
  answer_always(edge.model, told(std::string_view("a\0b", 3)));
  const auto& answer = edge.run();
  REQUIRE(answer);
  CHECK(answer->text == "a\uFFFDb");
}
