#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/unit/request_bodies.hpp"

using namespace fabula;
using tests::body;
using tests::kSchema;
using tests::member;
using tests::parsed;

namespace {

llm::ModelRequest saying(std::string_view text) {
  llm::ModelRequest request;
  request.model = "gemini-2.5-flash";
  request.user_text = text;
  return request;
}

}  // namespace

TEST_CASE("Gemini: the whole body") {
  auto request = saying("go\non");
  request.system_prompt = "Be \"kind\".";
  request.history_json =
      R"([{"role": "user", "content": "a\u00e9\ud83d\udc09"}, {"role": "assistant", "content": "b\\"}])";
  request.maximum_output_tokens = 400;
  request.temperature_hundredths = 130;
  CHECK(body("gemini", request) == parsed(R"({
    "systemInstruction": {"parts": [{"text": "Be \"kind\"."}]},
    "contents": [
      {"role": "user", "parts": [{"text": "aé🐉"}]},
      {"role": "model", "parts": [{"text": "b\\"}]},
      {"role": "user", "parts": [{"text": "go\non"}]}],
    "generationConfig": {"maxOutputTokens": 400, "temperature": 1.3,
      "thinkingConfig": {"thinkingBudget": 200}}})"));
}

TEST_CASE("Gemini: what is not given is left out") {
  CHECK(body("gemini", saying("hi")) == parsed(R"({
    "contents": [{"role": "user", "parts": [{"text": "hi"}]}], "generationConfig": {}})"));
}

TEST_CASE("Gemini: user and model take turns, the user first, and nobody says nothing") {
  auto request = saying("f");
  request.history_json = R"([{"role":"assistant","content":"Hello!"},
    {"role":"system","content":"a"},{"role":"user","content":"b"},
    {"role":"assistant","content":"\t"}])";
  CHECK(member(body("gemini", request), "contents") == parsed(R"json([
    {"role":"user","parts":[{"text":"(The conversation begins.)"}]},
    {"role":"model","parts":[{"text":"Hello!"}]},
    {"role":"user","parts":[{"text":"a"},{"text":"b"},{"text":"f"}]}])json"));
}

TEST_CASE("Gemini: attachments are parts, images by URL say their type") {
  const std::array attachments = {llm::Attachment{.content = "Text", .name = "a"},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_url,
                                                  .content = "https://x.example/a.PNG?x=1"},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_base64,
                                                  .content = "AAAA",
                                                  .media_type = "image/webp"}};
  auto request = saying("Who is this?");
  request.attachments = attachments;
  CHECK(member(body("gemini", request), "contents") == parsed(R"([{"role":"user","parts":[
    {"text":"<attachment name=\"a\">\nText\n</attachment>"},
    {"fileData":{"mimeType":"image/png","fileUri":"https://x.example/a.PNG?x=1"}},
    {"inlineData":{"mimeType":"image/webp","data":"AAAA"}},
    {"text":"Who is this?"}]}])"));
}

TEST_CASE("Gemini: a schema goes with the media type") {
  auto request = saying("hi");
  request.response_schema = kSchema;
  CHECK(member(body("gemini", request), "generationConfig") ==
        parsed(R"({"responseMimeType":"application/json","responseJsonSchema":)" +
               std::string(kSchema) + "}"));
}
