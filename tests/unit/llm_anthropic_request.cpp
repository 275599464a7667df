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
  request.model = "claude-sonnet-4-5";
  request.user_text = text;
  return request;
}

json::Document messages(std::string_view history, std::string_view text) {
  auto request = saying(text);
  request.history_json = history;
  return member(body("anthropic", request), "messages");
}

}  // namespace

TEST_CASE("Anthropic: the whole body") {
  auto request = saying("go\non");
  request.system_prompt = "Be \"kind\".";
  request.history_json =
      R"([{"role": "user", "content": "a\u00e9\ud83d\udc09"}, {"role": "assistant", "content": "b\\"}])";
  request.maximum_output_tokens = 400;
  request.temperature_hundredths = 5;
  CHECK(body("anthropic", request) == parsed(R"({
    "model": "claude-sonnet-4-5", "max_tokens": 400, "system": "Be \"kind\".",
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "aé🐉"}]},
      {"role": "assistant", "content": [{"type": "text", "text": "b\\"}]},
      {"role": "user", "content": [{"type": "text", "text": "go\non"}]}],
    "stream": true, "temperature": 0.05})"));
}

TEST_CASE("Anthropic: what is not given is left out, but the limit that the API wants") {
  auto request = saying("hi");
  request.is_streaming = false;
  CHECK(body("anthropic", request) == parsed(R"({"model": "claude-sonnet-4-5", "max_tokens": 4096,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    "stream": false})"));
}

TEST_CASE("Anthropic: neighbours with the same role become one message") {
  const auto turns = messages(R"([{"role":"user","content":"a"},{"role":"user","content":"b"},
    {"role":"assistant","content":"c"},{"role":"assistant","content":"d"},
    {"role":"system","content":"e"}])",
                              "f");
  CHECK(turns == parsed(R"([
    {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
    {"role":"assistant","content":[{"type":"text","text":"c"},{"type":"text","text":"d"}]},
    {"role":"user","content":[{"type":"text","text":"e"},{"type":"text","text":"f"}]}])"));
}

TEST_CASE("Anthropic: a model that speaks first is given a beginning") {
  CHECK(messages(R"([{"role":"assistant","content":"Hello!"}])", "hi") == parsed(R"json([
    {"role":"user","content":[{"type":"text","text":"(The conversation begins.)"}]},
    {"role":"assistant","content":[{"type":"text","text":"Hello!"}]},
    {"role":"user","content":[{"type":"text","text":"hi"}]}])json"));
}

TEST_CASE("Anthropic: blank texts, which the API refuses, are left out") {
  CHECK(messages(R"([{"role":"user","content":"a"},{"role":"assistant","content":" \n\u00a0"},
    {"role":"user","content":""}])",
                 " ") == parsed(R"([{"role":"user","content":[{"type":"text","text":"a"}]}])"));
  auto request = saying("  ");
  CHECK_FALSE(llm::build_request(tests::provider("anthropic"), request));
}

TEST_CASE("Anthropic: attachments are parts of the user's last message") {
  const std::array attachments = {llm::Attachment{.content = "Text", .name = "a"},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_url,
                                                  .content = "https://x.example/a.png"},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_base64,
                                                  .content = "AAAA",
                                                  .media_type = "image/webp"}};
  auto request = saying("");
  request.history_json = R"([{"role":"user","content":"Who is this?"}])";
  request.attachments = attachments;
  CHECK(member(body("anthropic", request), "messages") == parsed(R"([{"role":"user","content":[
    {"type":"text","text":"Who is this?"},
    {"type":"text","text":"<attachment name=\"a\">\nText\n</attachment>"},
    {"type":"image","source":{"type":"url","url":"https://x.example/a.png"}},
    {"type":"image","source":{"type":"base64","media_type":"image/webp","data":"AAAA"}}]}])"));
}

TEST_CASE("Anthropic: a schema has its field, for models that know it") {
  auto request = saying("hi");
  request.response_schema = kSchema;
  const auto built = body("anthropic", request);
  CHECK(member(built, "output_config") ==
        parsed(R"({"format":{"type":"json_schema","schema":)" + std::string(kSchema) + "}}"));
  CHECK(member(built, "system").is_null());
  request.model = "claude-3-5-haiku-latest";
  const auto old = body("anthropic", request);
  CHECK(member(old, "output_config").is_null());
  CHECK(json::string_at(old, "system")->find(kSchema) != std::string_view::npos);
}

TEST_CASE("Anthropic: temperatures end at 1 and are not sent to models that refuse them") {
  auto request = saying("hi");
  request.temperature_hundredths = 130;
  CHECK(member(body("anthropic", request), "temperature") == 1.0);
  request.model = "claude-opus-4-7";
  CHECK(member(body("anthropic", request), "temperature").is_null());
}
