// A turn of several rounds: the model calls a tool, gets its result, and is asked again; in every
// wire format. The kind, its protocol and its channel exist only in the tests.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sim/peers/oracle_function.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/tool_rounds.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

std::string openai_call(std::string_view arguments, std::string_view name = "weather") {
  json::Document piece = {{"index", 0},
                          {"id", "call_a"},
                          {"type", "function"},
                          {"function", {{"name", name}, {"arguments", arguments}}}};
  json::Document chunk = {
      {"choices", {{{"index", 0}, {"delta", {{"tool_calls", json::Document::array({piece})}}}}}}};
  return "data: " + json::dump(chunk) + "\n\n" + end_events("tool_calls");
}

std::string anthropic_event(std::string_view name, const std::string& data) {
  return "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"," + data +
         "}\n\n";
}

std::string anthropic_call() {
  return anthropic_event("message_start",
                         R"("message":{"content":[],"usage":{"input_tokens":11}})") +
         anthropic_event("content_block_start",
                         R"("index":0,"content_block":{"type":"text","text":""})") +
         anthropic_event("content_block_delta",
                         R"("index":0,"delta":{"type":"text_delta","text":"Let me look."})") +
         anthropic_event("content_block_stop", R"("index":0)") +
         anthropic_event("content_block_start",
                         R"("index":1,"content_block":{"type":"tool_use","id":"toolu_1",)"
                         R"("name":"weather","input":{}})") +
         anthropic_event("content_block_delta", R"("index":1,"delta":{"type":"input_json_delta",)"
                                                R"("partial_json":"{\"place\":\"sea\"}"})") +
         anthropic_event("content_block_stop", R"("index":1)") +
         anthropic_event("message_delta",
                         R"("delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7})") +
         anthropic_event("message_stop", R"("x":0)");
}

std::string anthropic_text(const std::string& text) {
  return anthropic_event("message_start",
                         R"("message":{"content":[],"usage":{"input_tokens":11}})") +
         anthropic_event("content_block_start",
                         R"("index":0,"content_block":{"type":"text","text":""})") +
         anthropic_event("content_block_delta",
                         R"("index":0,"delta":{"type":"text_delta","text":")" + text + "\"}") +
         anthropic_event("content_block_stop", R"("index":0)") +
         anthropic_event("message_delta",
                         R"("delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7})") +
         anthropic_event("message_stop", R"("x":0)");
}

std::string gemini_parts(const std::string& parts) {
  return R"(data: {"candidates":[{"content":{"role":"model","parts":[)" + parts +
         R"(]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":11,)" +
         "\"candidatesTokenCount\":7}}\n\n";
}

struct OracleWorld : ChatWorld {
  OracleWorld() : ChatWorld(1) {
    database.answers["weather"] = R"({"sky":"rain"})";
    world.environment.insert({{"ANTHROPIC_API_KEY", "sk-ant-simulated"},
                              {"ANTHROPIC_BASE_URL", "http://127.0.0.1:20/v1"},
                              {"GEMINI_API_KEY", "simulated"},
                              {"GEMINI_BASE_URL", "http://127.0.0.1:30/v1beta"}});
  }

  sim::Client& ask(const std::string& path = "oracle", const std::string& headers = {}) {
    return world.call(
        &serve_oracle,
        "POST http://edge/functions/v1/" + path + "\ncontent-type: application/json\n" + headers,
        R"({"text":"How is the sea?"})");
  }
  sim::Client& answer() {
    auto& client = ask();
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
    return client;
  }

  ScriptedModel anthropic{world, "http://127.0.0.1:20/v1", "/messages"};
  ScriptedModel gemini{world, "http://127.0.0.1:30/v1beta",
                       "/models/gemini-pro:streamGenerateContent?alt=sse"};
};

// The events' names, texts joined.
std::string told(const sim::Client& client) {
  std::string events;
  std::string text;
  std::string_view rest = client.body();
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = *json::parse(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    const auto event = json::string_at(line, "event").value_or("");
    if (event == "text") text += json::string_at(line, "text").value_or("");
    if (event == "beat" || (event == "text" && events.ends_with("text "))) continue;
    events.append(event).append(" ");
  }
  return events + "| " + text;
}

json::Document body_of(const ScriptedModel& model, std::size_t request) {
  return *json::parse(model.exchanges.at(request)->body);
}

const StoredGeneration& row_of(const ChatWorld& chat) { return chat.database.generations.at(0); }

}  // namespace

TEST_CASE("OpenAI's: what a tool gave goes back to the model, and the text of all rounds is one") {
  OracleWorld chat;
  chat.model.first_answers = {
      stream(text_event("Let me look.") + openai_call(R"({"place":"sea"})"))};
  chat.model.tell("It rains.", 5);
  const auto& client = chat.answer();
  CHECK(told(client) ==
        "begun text tool_call tool_result text stored finished | Let me look.\n\nIt rains.");
  CHECK(row_of(chat).text() == "Let me look.\n\nIt rains.");
  CHECK(row_of(chat).status == "complete");
  CHECK(chat.database.requests.at(1) == *json::parse(R"({"place":"sea"})"));
  const auto first = body_of(chat.model, 0);
  CHECK(first["tools"][0]["function"]["name"] == "weather");
  const auto second = body_of(chat.model, 1);
  CHECK(second["tools"] == first["tools"]);
  CHECK_FALSE(json::find(second, "tool_choice"));
  const auto& messages = second["messages"];
  REQUIRE(messages.size() == 4);
  CHECK(messages[2] ==
        *json::parse(R"({"role":"assistant","content":"Let me look.","tool_calls":[{"id":"call_a",)"
                     R"("type":"function","function":{"name":"weather",)"
                     R"("arguments":"{\"place\":\"sea\"}"}}]})"));
  CHECK(messages[3] == *json::parse(R"({"role":"tool","tool_call_id":"call_a",)"
                                    R"("content":"{\"sky\":\"rain\"}"})"));
  const auto& finish = chat.database.requests.back();
  CHECK(*json::find(finish, "usage") == *json::parse(R"({"input_tokens":22,"output_tokens":14})"));
}

TEST_CASE("Anthropic's: the same") {
  OracleWorld chat;
  chat.world.environment["MODEL_CHAT"] = "anthropic:claude-sonnet";
  chat.anthropic.first_answers = {stream(anthropic_call())};
  answer_always(chat.anthropic, stream(anthropic_text("It rains.")));
  CHECK(told(chat.answer()) ==
        "begun text tool_call tool_result text stored finished | Let me look.\n\nIt rains.");
  CHECK(body_of(chat.anthropic, 0)["tools"][0]["input_schema"]["type"] == "object");
  const json::Document messages = body_of(chat.anthropic, 1)["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[1] ==
        *json::parse(R"({"role":"assistant","content":[{"type":"text","text":"Let me look."},)"
                     R"({"type":"tool_use","id":"toolu_1","name":"weather",)"
                     R"("input":{"place":"sea"}}]})"));
  CHECK(messages[2] ==
        *json::parse(R"({"role":"user","content":[{"type":"tool_result",)"
                     R"("tool_use_id":"toolu_1","content":"{\"sky\":\"rain\"}"}]})"));
}

TEST_CASE("Gemini's: the same, with what the model has thought before its call") {
  OracleWorld chat;
  chat.world.environment["MODEL_CHAT"] = "gemini:gemini-pro";
  chat.gemini.first_answers = {stream(gemini_parts(
      R"({"functionCall":{"name":"weather","args":{"place":"sea"}},"thoughtSignature":"c2ln"})"))};
  answer_always(chat.gemini, stream(gemini_parts(R"({"text":"It rains."})")));
  CHECK(told(chat.answer()) == "begun tool_call tool_result text stored finished | It rains.");
  const json::Document tools = body_of(chat.gemini, 0)["tools"];
  CHECK(tools[0]["functionDeclarations"][0]["name"] == "weather");
  const json::Document contents = body_of(chat.gemini, 1)["contents"];
  REQUIRE(contents.size() == 3);
  CHECK(contents[1] ==
        *json::parse(R"({"role":"model","parts":[{"functionCall":{"id":"call_1_1",)"
                     R"("name":"weather","args":{"place":"sea"}},"thoughtSignature":"c2ln"}]})"));
  CHECK(contents[2] ==
        *json::parse(R"({"role":"user","parts":[{"functionResponse":{"id":"call_1_1",)"
                     R"("name":"weather","response":{"output":"{\"sky\":\"rain\"}"}}}]})"));
}

TEST_CASE("what cannot be run is told to the model") {
  for (const auto& [call, answer] : std::vector<std::pair<std::string, std::string>>{
           {openai_call("{}", "fly"), "There is no tool of this name."},
           {openai_call("{\"place\":"), "The arguments are no JSON object. Call it again."},
           {openai_call("{}"), "Nobody knows."}}) {
    CAPTURE(answer);
    OracleWorld chat;
    chat.database.answers.clear();
    chat.model.first_answers = {stream(call)};
    chat.model.tell("I cannot say.", 5);
    CHECK(told(chat.answer()) == "begun tool_call tool_error text stored finished | I cannot say.");
    CHECK(body_of(chat.model, 1)["messages"][3]["content"] == answer);
  }
}

TEST_CASE("a model that asks in circles is asked for the last time without tools") {
  OracleWorld chat;
  answer_always(chat.model, stream(openai_call(R"({"place":"sea"})")));
  const auto& client = chat.answer();
  REQUIRE(chat.model.exchanges.size() == engine::kMaximumToolRounds + 1);
  CHECK(body_of(chat.model, engine::kMaximumToolRounds - 1).count("tool_choice") == 0);
  CHECK(body_of(chat.model, engine::kMaximumToolRounds)["tool_choice"] == "none");
  // No text and no tool that runs is no answer.
  CHECK(told(client).ends_with("failed | "));
  CHECK(client.body().ends_with("{\"event\":\"failed\",\"code\":\"provider_incomplete\"}\n"));
}

TEST_CASE(
    "a round that fails before its first word is asked for again, and nothing is told twice") {
  OracleWorld chat;
  chat.model.first_answers = {
      stream(text_event("Let me look.") + openai_call(R"({"place":"sea"})")), refusal(503)};
  chat.model.tell("It rains.", 5);
  CHECK(told(chat.answer()) ==
        "begun text tool_call tool_result text stored finished | Let me look.\n\nIt rains.");
  CHECK(chat.model.exchanges.size() == 3);
}

TEST_CASE("a round that fails for good tells its own failure, and none of an earlier round") {
  OracleWorld chat;
  chat.model.first_answers = {
      refusal(503), stream(text_event("Let me look.") + openai_call(R"({"place":"sea"})"))};
  answer_always(chat.model, refusal(401));
  const auto& client = chat.answer();
  CHECK(client.body().ends_with("{\"event\":\"failed\",\"code\":\"provider_unauthorized\"}\n"));
  CHECK(chat.model.exchanges.size() == 3);
}

TEST_CASE("a client that leaves ends the tool that runs; the reply's time is over for tools too") {
  OracleWorld chat;
  chat.model.first_answers = {stream(openai_call(R"({"place":"sea"})"))};
  chat.database.fault = [](const std::string& function) {
    return function == "weather" ? ScriptedDatabase::Fault::never_answer
                                 : ScriptedDatabase::Fault::none;
  };
  auto& client = chat.ask();
  chat.world.run_for(2'000);
  client.leave();
  chat.world.run();
  CHECK(row_of(chat).status == "disconnected");
  CHECK(chat.world.unfinished_requests() == 0);

  chat.world.environment["FABULA_TIME_LIMIT_MS"] = "3000";
  chat.model.first_answers.assign(2, stream(openai_call(R"({"place":"sea"})")));
  auto& late = chat.ask();
  chat.world.run();
  CHECK(late.body().ends_with("{\"event\":\"failed\",\"code\":\"time_limit\"}\n"));
  CHECK(chat.world.unfinished_requests() == 0);
}

TEST_CASE("the same kind over HTTP's own channels, which ask for its protocol's media type") {
  OracleWorld chat;
  chat.model.tell("It rains.", 5);
  auto& client = chat.ask("oracle/stream", "accept: application/x-ndjson\n");
  chat.world.run();
  CHECK(client.head().find("content-type: application/x-ndjson") != std::string::npos);
  CHECK(told(client) == "begun text stored finished | It rains.");
  auto& refused = chat.ask("oracle/stream", "accept: text/event-stream\n");
  chat.world.run();
  CHECK(refused.status() == 406);
}
