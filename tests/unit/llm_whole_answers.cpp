// Servers that answer a request for a stream with one whole JSON answer.
#include <doctest/doctest.h>

#include <cstddef>
#include <string_view>

#include "tests/unit/collecting_sink.hpp"

using namespace fabula;
using llm::WireFormat;

TEST_CASE("a whole answer is read as the answer, in each format and however it is cut") {
  struct Case {
    WireFormat format;
    const char* body;
  };
  const Case cases[] = {
      {WireFormat::openai,
       R"({"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",)"
       R"("content":"The lamp went out."},"finish_reason":"stop"}],)"
       R"("usage":{"prompt_tokens":3,"completion_tokens":5}})"},
      // Ollama and LM Studio, indented and with members of their own.
      {WireFormat::openai,
       "\r\n{\n  \"choices\": [ { \"index\": 0, \"logprobs\": null,\n    \"finish_reason\": "
       "\"stop\",\n"
       "    \"message\": { \"role\": \"assistant\", \"content\": \"The lamp went out.\" } } ],\n"
       "  \"usage\": { \"prompt_tokens\": 3, \"completion_tokens\": 5 },\n  \"stats\": {}\n}\n"},
      {WireFormat::anthropic,
       R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text",)"
       R"("text":"The lamp "},{"type":"text","text":"went out."}],"stop_reason":"end_turn",)"
       R"("usage":{"input_tokens":3,"output_tokens":5}})"},
      {WireFormat::gemini,
       R"({"candidates":[{"content":{"parts":[{"text":"The lamp went out."}],"role":"model"},)"
       R"("finishReason":"STOP","index":0}],)"
       R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":5}})"}};
  for (const auto& [format, body] : cases) {
    const std::string_view whole = body;
    CAPTURE(whole);
    for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{7}, whole.size()}) {
      const auto answer = tests::decode(format, whole, piece_bytes);
      CHECK(answer.text == "The lamp went out.");
      CHECK(answer.summary.complete);
      CHECK(answer.summary.finish_reason == llm::FinishReason::stop);
      REQUIRE(answer.summary.usage);
      CHECK(answer.summary.usage->input_tokens == 3);
      CHECK(answer.summary.usage->output_tokens == 5);
    }
  }
}

TEST_CASE("a whole answer that was cut by a limit is told as that") {
  const auto answer = tests::decode(
      WireFormat::openai,
      R"({"choices":[{"index":0,"message":{"content":"The lamp"},"finish_reason":"length"}]})");
  CHECK(answer.text == "The lamp");
  CHECK(answer.summary.complete);
  CHECK(answer.summary.finish_reason == llm::FinishReason::length);
}

TEST_CASE("a whole answer that calls a tool calls it") {
  const auto answer = tests::decode(
      WireFormat::openai,
      R"({"choices":[{"index":0,"message":{"content":null,"tool_calls":[{"id":"c1","type":"function",)"
      R"("function":{"name":"look","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})");
  CHECK(answer.summary.complete);
  REQUIRE(answer.tool_calls.size() == 1);
  CHECK(answer.tool_calls[0].name == "look");
}

TEST_CASE("an error of status 200 is that error, in each format") {
  struct Case {
    WireFormat format;
    const char* body;
    ErrorCode code;
  };
  const Case cases[] = {
      {WireFormat::openai, R"({"error":{"message":"Insufficient Balance","code":402}})",
       ErrorCode::provider_refused_request},
      {WireFormat::openai, R"({"object":"error","message":"The model `m` does not exist."})",
       ErrorCode::provider_refused_request},
      {WireFormat::anthropic,
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       ErrorCode::provider_error},
      {WireFormat::gemini,
       R"([{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}])",
       ErrorCode::provider_rate_limited}};
  for (const auto& [format, body, code] : cases) {
    CAPTURE(body);
    const auto answer = tests::decode(format, body);
    CHECK_FALSE(answer.summary.complete);
    REQUIRE(answer.summary.problem);
    CHECK(answer.summary.problem->code == code);
    CHECK(answer.text.empty());
  }
}
