// Real providers' behaviour: refused parts of requests, failures, and answers without text.
#include <string>
#include <vector>

#include "tests/sim/peers/picky_server.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

// A server that refuses every request with `refused` in its body, and otherwise tells the story.
struct PickyWorld : ChatWorld {
  PickyWorld(std::string refused, std::uint32_t status, std::string refusal_body) : ChatWorld(1) {
    world.environment["MODEL_CHAT"] = "custom:m";
    world.environment["CUSTOM_BASE_URL"] = "http://picky.example/v1";
    world.serve("http://picky.example/v1/chat/completions",
                [this, part = std::move(refused), status, refusal = std::move(refusal_body)](
                    const std::shared_ptr<sim::Exchange>& exchange) {
                  asked.push_back(exchange->body);
                  const bool is_refused = exchange->body.find(part) != std::string::npos;
                  const auto bytes = is_refused ? refusal : text_event(kStory) + end_events();
                  world.clock().after(20, [exchange, bytes, code = is_refused ? status : 200u] {
                    exchange->respond(code);
                    exchange->send(bytes);
                    exchange->end();
                  });
                });
  }
  std::vector<std::string> asked;
};

json::Document log_of(const ChatWorld& chat) {
  const auto log = json::parse(chat.world.log().back());
  REQUIRE(log);
  return *log;
}

std::string error_message(const sim::Client& client) {
  const auto events = read_events(client);
  const auto* error = events.find("error");
  if (!error) return {};
  return std::string(json::string_at(*json::find(*error, "error"), "message").value_or(""));
}

bool is_retryable(const sim::Client& client) {
  const auto events = read_events(client);
  const auto* error = events.find("error");
  REQUIRE(error);
  return json::boolean_at(*json::find(*error, "error"), "retryable").value_or(false);
}

ModelAnswer json_body(std::uint32_t status, const std::string& body,
                      const std::string& headers = {}) {
  auto answer = stream(body);
  answer.status = status;
  answer.headers = headers;
  return answer;
}

std::string reasoning_event(std::string_view text) {
  return R"(data: {"choices":[{"index":0,"delta":{"content":null,"reasoning_content":")" +
         std::string(text) + R"("},"finish_reason":null}]})" + "\n\n";
}

std::string usage_of_reasoning_event(int tokens) {
  const auto number = std::to_string(tokens);
  return R"(data: {"choices":[],"usage":{"prompt_tokens":230,"completion_tokens":)" + number +
         R"(,"completion_tokens_details":{"reasoning_tokens":)" + number + "}}}\n\n";
}

}  // namespace

TEST_CASE("what a server refuses is left out in one more try, and remembered in the isolate") {
  struct Case {
    const char* refused;
    std::uint32_t status;
    const char* body;
  };
  const Case cases[] = {
      {"stream_options", 400,
       R"({"error":{"message":"Extra inputs are not permitted, field: 'stream_options'","type":"invalid_request_error","code":400}})"},
      {"stream_options", 422,
       R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":true}}]})"},
      {R"("role":"system")", 400, R"({"error":{"message":"System role not supported"}})"},
      {R"("role":"system")", 500, R"({"error":{"message":"System role not supported at row 1"}})"},
      {R"("max_tokens")", 400,
       R"({"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}})"}};
  for (const auto& [refused, status, body] : cases) {
    CAPTURE(refused);
    CAPTURE(status);
    PickyWorld chat(refused, status, body);
    CHECK(read_events(chat.talk("A keeper finds a door.")).text == kStory);
    CHECK(chat.asked.size() == 2);
    const auto log = log_of(chat);
    CHECK(log["outcome"] == "complete");
    CHECK(log["provider_failures"].size() == 1);
    CHECK(read_events(chat.talk("And then?")).text == kStory);
    CHECK(chat.asked.size() == 3);
    CHECK_FALSE(log_of(chat).contains("provider_failures"));
  }
}

TEST_CASE(
    "a server that keeps refusing is asked only as often as there is something to leave out") {
  PickyWorld chat("\"messages\"", 400,
                  R"({"error":{"message":"stream_options and temperature are not supported"}})");
  CHECK(error_code(chat.talk("Tell me.")) == "provider_refused_request");
  CHECK(chat.asked.size() == 2);
}

TEST_CASE("an address without a path is tried with the usual version and without") {
  for (const auto& [status, body] :
       {std::pair{404u, R"({"detail":"Not Found"})"},
        {405u, R"({"detail":"Method Not Allowed"})"},
        {400u, R"({"error":"Unexpected endpoint or method. (POST /v1/chat/completions)."})"}}) {
    CAPTURE(status);
    ChatWorld chat(1);
    chat.world.environment["MODEL_CHAT"] = "custom:m";
    chat.world.environment["CUSTOM_BASE_URL"] = "http://root.example/";
    ScriptedModel versioned(chat.world, "http://root.example/v1");
    answer_always(versioned, json_body(status, body));
    ScriptedModel root(chat.world, "http://root.example");
    root.tell(kStory, 20);
    CHECK(read_events(chat.talk("Tell me.")).text == kStory);
    CHECK(read_events(chat.talk("Tell me more.")).text == kStory);
    CHECK(versioned.exchanges.size() == 1);
    CHECK(root.exchanges.size() == 2);
  }
}

TEST_CASE("an address with a path is tried as it stands, and with the usual version") {
  ChatWorld chat(1);
  chat.world.environment["MODEL_CHAT"] = "openai:m";
  chat.world.environment["OPENAI_BASE_URL"] = "http://host.example/llm/";
  const PickyServer server(chat.world, "http://host.example", "/llm/v1/chat/completions",
                           {"max_completion_tokens"}, kStory);
  CHECK(read_events(chat.talk("Tell me.")).text == kStory);
  CHECK(server.asked == std::vector<std::string>{"http://host.example/llm/chat/completions",
                                                 "http://host.example/llm/v1/chat/completions",
                                                 "http://host.example/llm/v1/chat/completions"});
  CHECK(read_events(chat.talk("Tell me more.")).text == kStory);
  CHECK(server.asked.size() == 4);
}

TEST_CASE("what a server refuses for one of its models is not left out for another") {
  PickyWorld chat("stream_options", 400,
                  R"({"error":{"message":"Extra inputs are not permitted: 'stream_options'"}})");
  CHECK(read_events(chat.talk("Tell me.")).text == kStory);
  CHECK(chat.asked.size() == 2);
  chat.world.environment["MODEL_CHAT"] = "custom:another";
  CHECK(read_events(chat.talk("Tell me more.")).text == kStory);
  REQUIRE(chat.asked.size() == 4);
  CHECK(chat.asked[2].find("stream_options") != std::string::npos);
}

TEST_CASE("a server that does not know the model is not asked at another address") {
  ChatWorld chat(1);
  chat.world.environment["MODEL_CHAT"] = "custom:m";
  chat.world.environment["CUSTOM_BASE_URL"] = "http://small.example";
  ScriptedModel versioned(chat.world, "http://small.example/v1");
  ScriptedModel root(chat.world, "http://small.example");
  answer_always(versioned, json_body(404, R"({"error":"model 'm' not found, try pulling it"})"));
  root.tell(kStory, 20);
  CHECK(error_code(chat.talk("Tell me.")) == "provider_refused_request");
  CHECK(versioned.exchanges.size() == 1);
  CHECK(root.exchanges.empty());
}

TEST_CASE("a server that has nothing at either address is asked anew when it has") {
  ChatWorld chat(1);
  chat.world.environment["MODEL_CHAT"] = "custom:m";
  chat.world.environment["CUSTOM_BASE_URL"] = "http://starting.example";
  const auto not_found = json_body(404, "404 page not found");
  ScriptedModel versioned(chat.world, "http://starting.example/v1");
  ScriptedModel root(chat.world, "http://starting.example");
  answer_always(versioned, not_found);
  answer_always(root, not_found);
  CHECK(error_code(chat.talk("Tell me.")) == "provider_refused_request");
  CHECK(versioned.exchanges.size() == 1);
  CHECK(root.exchanges.size() == 1);
  answer_always(versioned, ModelAnswer());
  versioned.tell(kStory, 20);
  CHECK(read_events(chat.talk("Tell me now.")).text == kStory);
  CHECK(root.exchanges.size() == 1);
}

TEST_CASE("a model that may not be streamed is asked for a whole answer") {
  ChatWorld chat(1);
  chat.world.environment["MODEL_CHAT"] = "openai:m";
  chat.world.environment["OPENAI_BASE_URL"] = "http://verified.example/v1";
  std::vector<std::string> asked;
  chat.world.serve("http://verified.example", [&](auto exchange) {
    asked.push_back(exchange->body);
    const bool is_streamed = exchange->body.find(R"("stream":true)") != std::string::npos;
    chat.world.clock().after(20, [exchange, is_streamed] {
      exchange->respond(is_streamed ? 400 : 200);
      exchange->send(is_streamed
                         ? R"({"error":{"message":"Your organization must be verified to stream )"
                           R"(this model.","param":"stream","code":"unsupported_value"}})"
                         : R"({"choices":[{"index":0,"message":{"content":"The lamp went out."},)"
                           R"("finish_reason":"stop"}]})");
      exchange->end();
    });
  });
  CHECK(read_events(chat.talk("Tell me.")).text == "The lamp went out.");
  CHECK(asked.size() == 2);
  CHECK(read_events(chat.talk("Tell me more.")).text == "The lamp went out.");
  CHECK(asked.size() == 3);
}

TEST_CASE("the key that was sent never reaches the log, whatever it looks like") {
  ChatWorld chat(1);
  chat.world.environment["LOCAL_API_KEY"] = "our-own-password";
  answer_always(chat.model, json_body(400, R"({"error":"Unknown key: our-own-password"})"));
  CHECK(error_code(chat.talk("Tell me of the lamp.")) == "provider_refused_request");
  const auto& line = chat.world.log().back();
  CHECK(line.find("our-own-password") == std::string::npos);
  CHECK(line.find("Unknown key: [...]") != std::string::npos);
}

TEST_CASE("each class of failure is told in its own words, asked again or not, and logged") {
  struct Case {
    ModelAnswer answer;
    const char* code;
    const char* told;
    bool is_retryable;
    std::size_t asked;
    const char* logged;
  };
  const Case cases[] = {
      {json_body(
           402,
           R"({"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}})"),
       "provider_refused_request", "no credit left", false, 1, "Insufficient Balance"},
      {json_body(
           429,
           R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})"),
       "provider_refused_request", "no credit left", false, 1, "You exceeded your current quota,"},
      {json_body(
           400,
           R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API. Please go to Plans and Billing."},"request_id":"req_0"})"),
       "provider_refused_request", "no credit left", false, 1, "Your credit balance is too low"},
      {json_body(
           400,
           R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}})"),
       "provider_unauthorized", "key", false, 1, "API key not valid."},
      {json_body(
           400,
           R"({"error":{"message":"maximum context length is 8192","code":"context_length_exceeded"}})"),
       "provider_refused_request", "A shorter text may help", false, 1, "maximum context length"},
      {json_body(400, R"({"error":{"message":"Content Exists Risk"}})"), "provider_refused_request",
       "refused the content", false, 1, "Content Exists Risk"},
      {json_body(529, R"({"error":{"type":"overloaded_error","message":"Overloaded"}})"),
       "provider_error", "overloaded", true, 2, "Overloaded"},
      {json_body(429, R"({"error":{"message":"Please try again in 7m12.5s"}})"),
       "provider_rate_limited", "Try again later", true, 1, "Please try again in 7m12.5s"},
      {json_body(200, R"({"error":{"message":"Insufficient Balance","code":402}})"),
       "provider_refused_request", "no credit left", false, 1, "Insufficient Balance"}};
  for (const auto& [answer, code, told, retryable, asked, logged] : cases) {
    CAPTURE(logged);
    ChatWorld chat(1);
    answer_always(chat.model, answer);
    const auto& client = chat.talk("Tell me of the lamp.");
    CHECK(error_code(client) == code);
    CAPTURE(error_message(client));
    CHECK(error_message(client).find(told) != std::string::npos);
    CHECK(is_retryable(client) == retryable);
    CHECK(chat.model.exchanges.size() == asked);
    const auto log = log_of(chat);
    REQUIRE(log["provider_failures"].size() == asked);
    const auto& failure = log["provider_failures"][0];
    CHECK(failure["route"] == "MODEL_CHAT");
    CHECK(failure["code"] == code);
    CHECK(std::string(json::string_at(failure, "message").value_or("")).find(logged) !=
          std::string::npos);
    CHECK(log["task"] == "chat");
  }
}

TEST_CASE("the log has no keys and nothing of the prompt, whatever the provider quotes") {
  RouteWorld chat;
  answer_always(
      chat.model,
      json_body(400, R"({"error":{"message":"bad key sk-secret123 for: Tell me of the lamp."}})"));
  const auto& client = chat.talk("Tell me of the lamp.");
  check_answered_by(chat, client, "ollama", "second", 2);
  const auto& line = chat.world.log().back();
  CHECK(line.find("sk-secret123") == std::string::npos);
  CHECK(line.find("the lamp") == std::string::npos);
  CHECK(line.find("bad key [...]") != std::string::npos);
  CHECK(log_of(chat)["level"] == "warn");
}

TEST_CASE("a wait in the body is kept to") {
  ChatWorld chat(1);
  chat.model.first_answers = {
      json_body(429, R"({"error":{"code":429,"details":[{"retryDelay":"3.2s"}]}})")};
  chat.model.tell(kStory, 20);
  CHECK(read_events(chat.talk("Tell me.")).text == kStory);
  CHECK(chat.model.asked_at_ms.at(1) - chat.model.asked_at_ms.at(0) >= 4000);
}

TEST_CASE("a whole answer to a request for a stream is read as the answer") {
  for (
      const std::string body :
      {R"({"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"The lamp went out."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5}})",
       "\n {\n  \"choices\": [{\n \"message\": {\"content\": \"The lamp went out.\"}}]\n}\n",
       R"({"choices":[{"index":0,"message":{"content":"<think>hm</think>The lamp went out.","refusal":null},"finish_reason":"stop"}]})"}) {
    CAPTURE(body);
    ChatWorld chat(1);
    auto answer = json_body(200, body, "content-type: application/json\n");
    // Cut in two.
    answer.pieces = {{0, body.substr(0, 20)}, {5, body.substr(20)}};
    answer_always(chat.model, answer);
    const auto events = read_events(chat.talk("Tell me."));
    CHECK(events.text == "The lamp went out.");
    CHECK(events.find("done"));
    CHECK(chat.model.exchanges.size() == 1);
  }
}

TEST_CASE("an answer without words is a failure of its model: the next one is asked") {
  const std::vector<ModelAnswer> empty = {
      stream(end_events()),
      stream(text_event(" \n") + end_events()),
      stream(reasoning_event("The tide had gone out.") + end_events()),
      stream(end_events("length") + usage_of_reasoning_event(2000)),
      stream(end_events("content_filter")),
      stream(text_event("<think>The user wants") + end_events("length"))};
  for (const auto& answer : empty) {
    CAPTURE(answer.pieces.front().bytes);
    RouteWorld chat;
    answer_always(chat.model, answer);
    const auto& client = chat.talk("Tell me.");
    check_answered_by(chat, client, "ollama", "second", 2);
    CHECK(chat.model.exchanges.size() == 1);
  }
}

TEST_CASE("when no model says a word, the reason is told, and never `done`") {
  struct Case {
    std::string bytes;
    const char* code;
    const char* told;
    bool is_retryable;
  };
  const Case cases[] = {
      {end_events(), "provider_incomplete", "without a word", true},
      {reasoning_event("Oda walked.") + end_events(), "provider_incomplete", "only reasoned", true},
      {R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})"
       "\n\n" +
           usage_of_reasoning_event(2000) + "data: [DONE]\n\n",
       "provider_incomplete", "all the tokens of its answer for reasoning", true},
      {text_event("<think>The user wants a door") + end_events("length"), "provider_incomplete",
       "all the tokens of its answer for reasoning", true},
      {end_events("content_filter"), "provider_refused_request", "blocked", false},
      {end_events("refusal"), "provider_refused_request", "refused to answer", false}};
  for (const auto& [bytes, code, told, retryable] : cases) {
    CAPTURE(bytes);
    ChatWorld chat(1);
    answer_always(chat.model, stream(bytes));
    const auto& client = chat.talk("Tell me.");
    const auto events = read_events(client);
    CHECK(events.text.empty());
    CHECK_FALSE(events.find("done"));
    CHECK(error_code(client) == code);
    CHECK(error_message(client).find(told) != std::string::npos);
    CHECK(is_retryable(client) == retryable);
    CHECK(chat.model.exchanges.size() == 1);
    CHECK(chat.database.requests.back()["status"] == "failed");
  }
}

TEST_CASE("reasoning in the text is neither told as the reply nor stored nor sent again") {
  ChatWorld chat(1);
  chat.world.environment["MODEL_CHAT"] = "custom:qwen3";
  chat.world.environment["CUSTOM_BASE_URL"] = "http://think.example/v1";
  ScriptedModel model(chat.world, "http://think.example/v1");
  model.first_answers = {
      stream(text_event("<th") + text_event("ink>The twist: he is dead.</thi") +
             text_event("nk>\n\n") + text_event("The door was warm.") + end_events()),
      stream(text_event("Okay, a door. ") + text_event("The keeper is dead.\n</think>\n\n") +
             text_event("The door was warm.") + end_events())};
  model.tell(kStory, 20);
  for (int turn = 0; turn < 2; ++turn) {
    const auto& client = chat.talk("A keeper finds a door.");
    CHECK(read_events(client).text == "The door was warm.");
    CHECK(chat.database.sessions.begin()->second.back().content == "The door was warm.");
  }
}
