#include "shared/llm/stream/provider_message.hpp"

#include <doctest/doctest.h>

#include "shared/text/utf8.hpp"

using namespace fabula;

namespace {

std::string message(std::string_view json) {
  const auto document = json::parse(json);
  REQUIRE(document);
  return llm::message_in(*document);
}

constexpr std::string_view kSent =
    R"({"model":"m","messages":[{"role":"system","content":"You write the story of a keeper."},)"
    R"({"role":"user","content":"Tell me of the lamp."},)"
    R"({"role":"assistant","content":"Mara fell."},{"role":"user","content":"Мара?"},)"
    R"({"role":"user","content":"灯台守は扉を見つけた。"}],"stream_options":{"include_usage":true}})";

}  // namespace

TEST_CASE("a provider's words are found where the servers put them") {
  CHECK(message(R"({"message":"Insufficient Balance","code":"x"})") == "Insufficient Balance");
  CHECK(message(R"("model 'x' not found")") == "model 'x' not found");
  CHECK(message(R"({"detail":"Not Found"})") == "Not Found");
  CHECK(message(R"({"message":"Unsupported parameter","param":"max_tokens"})") ==
        "Unsupported parameter max_tokens");
  CHECK(message(R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],
                   "msg":"Extra inputs are not permitted","input":{"a":"secret"}}]})") ==
        "body stream_options Extra inputs are not permitted");
  CHECK(message(R"({"message":{"detail":"x"}})") == "x");
  // Mistral's validator, in two of its forms.
  CHECK(message(R"({"object":"error","message":{"detail":[{"type":"extra_forbidden",
                   "loc":["body","stream_options","include_usage"],
                   "msg":"Extra inputs are not permitted","input":true}]}})") ==
        "body stream_options include_usage Extra inputs are not permitted");
  CHECK(message(R"({"object":"Error","message":[{"loc":["body","tools"],
                   "msg":"Extra inputs are not permitted","input":[]}]})") ==
        "body tools Extra inputs are not permitted");
  // Nest and Spring: the name of the status, and beside it what was wrong.
  CHECK(message(R"({"statusCode":400,"error":"Bad Request","message":"max_tokens is unknown"})") ==
        "max_tokens is unknown Bad Request");
  // Cloudflare's models.
  CHECK(
      message(R"({"success":false,"errors":[{"message":"AiError: no such model","code":5007}]})") ==
      "AiError: no such model");
  // OpenRouter passes on what the provider behind it has answered, as a text.
  CHECK(message(R"({"message":"Provider returned error","metadata":{"provider_name":"Google",
                   "raw":"{\"error\":{\"message\":\"System role not supported\"}}"}})") ==
        "Provider returned error System role not supported");
  CHECK(message(R"({"message":"Provider returned error","metadata":{"raw":"busy"}})") ==
        "Provider returned error busy");
  // A text that cannot be parsed is left out: it may quote the request in escapes.
  CHECK(message(R"({"message":"Bad","metadata":{"raw":"{\"input\":\"\\u0434\\u0432"}})") == "Bad");
  CHECK(message("[1]").empty());
  CHECK(message("{\"message\":\"" + std::string(100'000, 'a') + "\"}").size() <= 400);
}

TEST_CASE("keys and what is quoted of the request never reach the log") {
  const auto logged = [](std::string_view text) { return llm::message_for_log(text, kSent); };
  CHECK(logged("Incorrect API key provided: sk-abc. See the page.") ==
        "Incorrect API key provided: [...] See the page.");
  CHECK(logged("key sk-proj-****wxyz is wrong") == "key [...] is wrong");
  CHECK(logged("Incorrect API key: ****wxyz") == "Incorrect API key: [...]");
  CHECK(logged("token aB3dE6gH9jK2mN5pQ8sT1v is expired") == "token [...] is expired");
  CHECK(logged("Extra inputs are not permitted, field: 'stream_options'") ==
        "Extra inputs are not permitted, field: 'stream_options'");
  CHECK(logged("The model claude-sonnet-4-5-20250929 is not known") ==
        "The model claude-sonnet-4-5-20250929 is not known");
  CHECK(logged("cannot read: Tell me of the lamp.").find("lamp") == std::string::npos);
  CHECK(logged("bad text 'the story of a keeper' here").find("keeper") == std::string::npos);
  CHECK(logged("不正な入力: 灯台守は扉を見つけた。").find("扉") == std::string::npos);
  // Short texts too.
  CHECK(logged("cannot read: Mara fell. Try again") == "cannot read: [...] Try again");
  CHECK(logged("unknown word Мара? in the text") == "unknown word [...] in the text");
  CHECK(logged("two\nlines\r\n") == "two lines  ");
  CHECK(text::is_valid_utf8(logged("灯台守は扉を見つけた。と灯台守は扉を見\xE7")));
  CHECK(logged("").empty());
  CHECK(llm::message_for_log("Unknown key: our-own-password.", kSent, "our-own-password") ==
        "Unknown key: [...].");
}
