#include "shared/llm/openai_request.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"

using namespace fabula;

namespace {

const llm::Provider& provider(std::string_view name) {
  const auto* found = llm::find_provider(name);
  REQUIRE(found);
  return *found;
}

std::string body(std::string_view provider_name, const llm::OpenAiRequest& request) {
  const auto built = llm::build_openai_request(provider(provider_name), request);
  REQUIRE(built);
  return *built;
}

}  // namespace

TEST_CASE("the body holds system prompt, the history as it is, and the new message") {
  llm::OpenAiRequest request;
  request.model = "SmolLM2";
  request.system_prompt = "Be \"kind\".";
  request.history_json =
      R"( [ {"role":"user","content":"a\u00e9"} , {"role":"assistant","content":"b"} ] )";
  request.user_text = "go\non";
  request.maximum_output_tokens = 400;
  request.temperature_hundredths = 70;
  CHECK(body("local", request) ==
        R"({"model":"SmolLM2","messages":[{"role":"system","content":"Be \"kind\"."},)"
        R"({"role":"user","content":"a\u00e9"} , {"role":"assistant","content":"b"},)"
        R"({"role":"user","content":"go\non"}],"stream":true,)"
        R"("stream_options":{"include_usage":true},"max_tokens":400,"temperature":0.70})");
}

TEST_CASE("what is not given is left out") {
  llm::OpenAiRequest request;
  request.model = "m";
  request.user_text = "hi";
  CHECK(body("local", request) ==
        R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,)"
        R"("stream_options":{"include_usage":true}})");
  request.user_text = "";
  request.history_json = R"([{"role":"user","content":"hi"}])";
  CHECK(json::parse(body("local", request)));
}

TEST_CASE("providers get what they take") {
  llm::OpenAiRequest request;
  request.model = "m";
  request.user_text = "hi";
  request.maximum_output_tokens = 9;
  const auto openai = body("openai", request);
  CHECK(openai.find("\"max_completion_tokens\":9") != std::string::npos);
  CHECK(openai.find("\"include_obfuscation\":false") != std::string::npos);
  CHECK(openai.find("\"max_tokens\"") == std::string::npos);
  const auto mistral = body("mistral", request);
  CHECK(mistral.find("stream_options") == std::string::npos);
  CHECK(mistral.find("\"max_tokens\":9") != std::string::npos);
  CHECK(body("openrouter", request).find("include_obfuscation") == std::string::npos);
}

TEST_CASE("models that refuse a temperature are sent none") {
  llm::OpenAiRequest request;
  request.user_text = "hi";
  request.temperature_hundredths = 5;
  const auto sends_temperature = [&](std::string_view model) {
    request.model = model;
    return body("openrouter", request).find("\"temperature\":0.05") != std::string::npos;
  };
  for (const std::string_view model : {"gpt-4o-mini", "olmo-2", "openai/gpt-4.1", "o", "a/b/c"}) {
    CHECK(sends_temperature(model));
  }
  for (const std::string_view model : {"o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5-mini"}) {
    CHECK_FALSE(sends_temperature(model));
  }
}

TEST_CASE("a history that is no array of objects is refused, not sent") {
  llm::OpenAiRequest request;
  request.model = "m";
  request.user_text = "hi";
  for (const std::string_view bad : {"", "null", "{}", "[1]", "[{}", "[{}]]", "[{},]", "[{\"a\"}]",
                                     "[{}],\"stream\":false,\"x\":[{}]"}) {
    CAPTURE(bad);
    request.history_json = bad;
    const auto built = llm::build_openai_request(provider("local"), request);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("any text stays inside its string") {
  llm::OpenAiRequest request;
  request.model = "m\",\"x\":\"";
  request.system_prompt = "\xFF\"}],";
  request.user_text = std::string_view("\0\x1f\"\\\xED\xA0\xBD", 7);
  const auto document = json::parse(body("local", request));
  REQUIRE(document);
  CHECK(json::string_at(*document, "model") == request.model);
  CHECK(json::find(*document, "messages")->size() == 2);
}
