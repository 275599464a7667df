#include "shared/llm/request/refused_parts.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/llm/request/model_request.hpp"
#include "shared/llm/stream/failure.hpp"

using namespace fabula;
using llm::RefusedParts;
using llm::RequestPart;

namespace {

RefusedParts complaints(int status, std::string_view body, RefusedParts known = {}) {
  return llm::with_complaints(known, llm::classify_http_failure(status, body));
}

std::string body_without(std::string_view provider, const llm::ModelRequest& request,
                         std::initializer_list<RequestPart> parts) {
  auto changed = request;
  for (const auto part : parts) changed.refused.add(part);
  const auto body = llm::build_request(*llm::find_provider(provider), changed);
  REQUIRE(body);
  REQUIRE(json::parse(*body));
  return *body;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a refusal that names a part of the request says that it is to be left out") {
  struct Case {
    int status;
    const char* body;
    RequestPart part;
  };
  const Case cases[] = {
      {400,
       R"({"error":{"message":"Extra inputs are not permitted, field: 'stream_options'","type":"invalid_request_error","code":400}})",
       RequestPart::stream_options},
      {422,
       R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":true}}]})",
       RequestPart::stream_options},
      {400, R"({"error":"unknown field \"stream_options\""})", RequestPart::stream_options},
      {400, R"({"message":"Unrecognized request argument supplied: stream_options"})",
       RequestPart::stream_options},
      {400, R"({"error":{"message":"System role not supported"}})", RequestPart::system_role},
      {500, R"({"error":{"code":500,"message":"System role not supported at row 1"}})",
       RequestPart::system_role},
      {400,
       R"({"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this model.","param":"messages[0].role"}})",
       RequestPart::system_role},
      {400,
       R"({"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}})",
       RequestPart::system_role},
      {400,
       R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens"}})",
       RequestPart::token_limit_field},
      {422,
       R"({"detail":[{"loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]})",
       RequestPart::token_limit_field},
      {400,
       R"({"error":{"message":"response_format type json_schema is unavailable: not supported"}})",
       RequestPart::response_format},
      {400, R"({"error":{"message":"JSON mode is not enabled for this model"}})",
       RequestPart::response_format},
      {400,
       R"({"error":{"message":"Unsupported value: 'temperature' does not support 0.7 with this model."}})",
       RequestPart::temperature},
      {400, R"({"error":"registry/model:1b does not support tools"})", RequestPart::tools},
      {400, R"({"error":{"message":"Thinking budget is not supported for this model."}})",
       RequestPart::thinking},
      // Mistral
      {422,
       R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":50}]},"type":"invalid_request_error"})",
       RequestPart::token_limit_field},
      // OpenRouter, of Google's
      {400,
       R"({"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"Developer instruction is not enabled for models/gemma\"}}","provider_name":"Google"}}})",
       RequestPart::system_role},
      {404, R"({"error":{"message":"No endpoints found that support tool use.","code":404}})",
       RequestPart::tools},
      // vLLM and llama.cpp without the options that tools need
      {400,
       R"({"object":"error","message":"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","type":"BadRequestError","code":400})",
       RequestPart::tools},
      {500, R"({"error":{"code":500,"message":"tools param requires --jinja flag"}})",
       RequestPart::tools},
      // Ollama
      {400, R"({"error":{"message":"registry.ollama.ai/library/m does not support tools"}})",
       RequestPart::tools},
      // Servers that know two roles
      {422,
       R"({"detail":[{"type":"literal_error","loc":["body","messages",0,"role"],"msg":"Input should be 'user' or 'assistant'","input":"system"}]})",
       RequestPart::system_role},
      {400, R"({"error":{"message":"system: Extra inputs are not permitted"}})",
       RequestPart::system_role},
      // DeepSeek
      {400, R"({"error":{"message":"This response_format type is unavailable now"}})",
       RequestPart::response_format},
      // OpenAI, of organizations that are not verified
      {400,
       R"({"error":{"message":"Your organization must be verified to stream this model.","param":"stream","code":"unsupported_value"}})",
       RequestPart::streaming},
      {400, R"({"error":{"message":"Streaming is not supported for this model"}})",
       RequestPart::streaming},
      // Nest
      {400,
       R"({"statusCode":400,"error":"Bad Request","message":["property stream_options should not exist, it is not allowed"]})",
       RequestPart::stream_options},
  };
  for (const auto& [status, body, part] : cases) {
    CAPTURE(body);
    RefusedParts expected;
    expected.add(part);
    CHECK(complaints(status, body).bits() == expected.bits());
    // The same complaint again is nothing new, but for the limit, which is left out then.
    const bool is_limit = part == RequestPart::token_limit_field;
    CHECK((complaints(status, body, expected) == expected) != is_limit);
  }
}

TEST_CASE("other refusals are about the request as a whole") {
  for (
      const std::string_view body :
      {R"({"error":{"message":"max_tokens is too large: 5000. This model supports at most 4096."}})",
       R"({"error":{"message":"This model's maximum context length is 8192 tokens."}})",
       R"({"error":{"message":"temperature must be between 0 and 1"}})",
       R"({"error":{"message":"Your prompt may contain text that is not allowed by our safety system"}})",
       R"({"error":{"message":"input length and `max_tokens` exceed context limit: 9 + 5 > 12"}})",
       R"({"error":{"message":"The model `x` does not exist"}})", R"({"error":{}})", "<html>",
       ""}) {
    CAPTURE(body);
    CHECK(complaints(400, body).bits() == 0);
  }
  CHECK(complaints(429, R"({"error":{"message":"unsupported stream_options"}})").bits() == 0);
  CHECK(complaints(401, R"({"error":{"message":"unsupported stream_options"}})").bits() == 0);
}

TEST_CASE("a request leaves out what is refused, and says it elsewhere if it must be said") {
  const llm::Tool tools[] = {{"look", "Looks.", R"({"type":"object"})"}};
  const llm::ModelRequest request = {
      .model = "m",
      .system_prompt = "Be brief.",
      .history_json =
          R"([{"role":"assistant","content":"Hello."},{"role":"user","content":"Hi."}])",
      .maximum_output_tokens = 50,
      .temperature_hundredths = 70,
      .response_schema = R"({"type":"object"})",
      .tools = tools};
  CHECK(has(body_without("custom", request, {}), "stream_options"));
  CHECK_FALSE(
      has(body_without("custom", request, {RequestPart::stream_options}), "stream_options"));
  CHECK(has(body_without("custom", request, {RequestPart::token_limit_field}),
            R"("max_completion_tokens":50)"));
  CHECK(
      has(body_without("openai", request, {RequestPart::token_limit_field}), R"("max_tokens":50)"));
  CHECK_FALSE(has(body_without("custom", request, {RequestPart::token_limit}), "max_tokens"));
  CHECK_FALSE(has(body_without("custom", request, {RequestPart::temperature}), "temperature"));
  CHECK_FALSE(has(body_without("custom", request, {RequestPart::tools}), "tools"));
  for (const std::string_view provider : {"custom", "anthropic"}) {
    CHECK(has(body_without(provider, request, {}), R"("stream":true)"));
    const auto whole = body_without(provider, request, {RequestPart::streaming});
    CHECK(has(whole, R"("stream":false)"));
    CHECK_FALSE(has(whole, "stream_options"));
  }
  const auto told = body_without("openai", request, {RequestPart::response_format});
  CHECK_FALSE(has(told, "response_format"));
  CHECK(has(told, R"({\"type\":\"object\"})"));

  for (const std::string_view provider : {"custom", "anthropic", "gemini"}) {
    CAPTURE(provider);
    auto moved = request;
    moved.response_schema = {};
    const auto body = body_without(provider, moved, {RequestPart::system_role});
    CHECK_FALSE(has(body, R"("system)"));
    CHECK(has(body, "Be brief."));
    CHECK(body.find("Be brief.") == body.rfind("Be brief."));
    CHECK(body.find("Be brief.") < body.find("Hello."));
  }
  auto short_request = request;
  short_request.history_json = "[]";
  short_request.user_text = "Hi.";
  CHECK(has(body_without("custom", short_request, {RequestPart::system_role}), R"(\n\nHi."}])"));
}

TEST_CASE("Gemini's thinking models get a budget within the limit") {
  const auto body = [](std::string_view model, std::initializer_list<RequestPart> parts) {
    return body_without("gemini",
                        {.model = model, .user_text = "Hi.", .maximum_output_tokens = 2000}, parts);
  };
  CHECK(has(body("gemini-2.5-flash", {}), R"("thinkingConfig":{"thinkingBudget":1000})"));
  CHECK(has(body("gemini-2.5-pro", {}), R"("thinkingConfig":{"thinkingBudget":1000})"));
  CHECK(has(body("gemini-3-pro-preview", {}), R"("thinkingConfig":{"thinkingLevel":"low"})"));
  for (const std::string_view model :
       {"gemini-2.0-flash", "gemini-2.5-flash-lite", "gemma-3-27b-it", "gemini-2.5-flash-image",
        "gemini-flash-latest"}) {
    CHECK_FALSE(has(body(model, {}), "thinking"));
  }
  CHECK_FALSE(has(body("gemini-2.5-flash", {RequestPart::thinking}), "thinking"));
}
