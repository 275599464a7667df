#include <doctest/doctest.h>

#include <array>

#include <string>
#include <utility>
#include <vector>

#include "shared/llm/request/prefill.hpp"
#include "tests/unit/request_bodies.hpp"

using namespace fabula;
using tests::body;
using tests::kSchema;
using tests::member;
using tests::parsed;

namespace {

llm::ModelRequest saying(std::string_view text) {
  llm::ModelRequest request;
  request.model = "m";
  request.user_text = text;
  return request;
}

}  // namespace

TEST_CASE("the body holds system prompt, the history as it is, and the new message") {
  llm::ModelRequest request = saying("go\non");
  request.model = "SmolLM2";
  request.system_prompt = "Be \"kind\".";
  request.history_json =
      R"( [ {"role":"user","content":"a\u00e9\ud83d\udc09"} , {"id":[1],"content":"","role":"assistant"} ] )";
  request.maximum_output_tokens = 400;
  request.temperature_hundredths = 70;
  const auto built = llm::build_request(tests::provider("local"), request);
  REQUIRE(built);
  CHECK(*built ==
        R"({"model":"SmolLM2","messages":[{"role":"system","content":"Be \"kind\"."},)"
        R"({"role":"user","content":"a\u00e9\ud83d\udc09\n\ngo\non"}],"stream":true,)"
        R"("stream_options":{"include_usage":true},"max_tokens":400,"temperature":0.70})");
}

TEST_CASE("neighbours of one role are one message, for every provider of this format") {
  llm::ModelRequest request{
      .model = "m",
      .history_json = R"([{"role":"user","content":"A door."},{"role":"user","content":"Hello?"},
        {"role":"assistant","content":" "},{"role":"user","content":"Да?"},
        {"role":"assistant","content":"Yes."},{"role":"assistant","content":"Oui."},
        {"role":"user","content":"灯"}])",
      .user_text = "Go \"on\"."};
  for (const std::string_view name : {"openai", "deepseek", "llamacpp", "mistral", "openrouter"}) {
    const auto messages = member(body(name, request), "messages");
    REQUIRE(messages.size() == 3);
    CHECK(messages[0] == parsed(R"({"role":"user","content":"A door.\n\nHello?\n\nДа?"})"));
    CHECK(messages[1] == parsed(R"({"role":"assistant","content":"Yes.\n\nOui."})"));
    CHECK(messages[2] == parsed(R"({"role":"user","content":"灯\n\nGo \"on\"."})"));
  }
}

TEST_CASE("what nobody has answered comes before what is attached to the new message") {
  const std::vector<llm::Attachment> attachments = {
      {.kind = llm::Attachment::Kind::text, .content = "A lamp.", .name = "a.txt"}};
  llm::ModelRequest request{.model = "m",
                            .history_json = R"([{"role":"user","content":"Hello?"}])",
                            .user_text = "Read.",
                            .attachments = attachments};
  const auto messages = member(body("local", request), "messages");
  REQUIRE(messages.size() == 1);
  CHECK(member(messages[0], "content") ==
        "Hello?\n\n<attachment name=\"a.txt\">\nA lamp.\n</attachment>\n\nRead.");
}

TEST_CASE("a model that can goes on in its own words") {
  llm::ModelRequest request{.model = "claude-sonnet-4-20250514",
                            .history_json = R"([{"role":"user","content":"Tell."},
                              {"role":"assistant","content":"She climbed\\ the \n \t"}])",
                            .continues_own_words = true};
  const auto mistral = member(body("mistral", request), "messages");
  CHECK(mistral.back() == parsed(R"({"role":"assistant","content":"She climbed\\ the",
                                     "prefix":true})"));
  const auto claude = member(body("anthropic", request), "messages");
  CHECK(claude.back() == parsed(R"({"role":"assistant","content":[
    {"type":"text","text":"She climbed\\ the"}]})"));
  request.continues_own_words = false;
  CHECK_FALSE(llm::build_request(tests::provider("mistral"), request));
  CHECK_FALSE(llm::build_request(tests::provider("anthropic"), request));

  CHECK(llm::continues_own_words(tests::provider("mistral"), "mistral-large-latest"));
  CHECK(llm::continues_own_words(tests::provider("anthropic"), "claude-3-5-haiku-20241022"));
  CHECK_FALSE(llm::continues_own_words(tests::provider("anthropic"), "claude-opus-4-7"));
  CHECK_FALSE(llm::continues_own_words(tests::provider("openai"), "gpt-4o-mini"));
  CHECK_FALSE(llm::continues_own_words(tests::provider("gemini"), "gemini-2.5-flash"));
  for (const auto& [contents, trimmed] :
       {std::pair<std::string_view, std::string_view>{R"(a\\n)", R"(a\\n)"},
        {R"(a\n)", "a"},
        {R"(a\\\n)", R"(a\\)"},
        {R"( \n\t)", ""},
        {"", ""}}) {
    CHECK(llm::without_trailing_space_json(contents) == trimmed);
  }
}

TEST_CASE("what is not given is left out") {
  CHECK(body("local", saying("hi")) ==
        parsed(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,)"
               R"("stream_options":{"include_usage":true}})"));
  auto request = saying("");
  request.history_json = R"([{"role":"user","content":"hi"}])";
  CHECK(body("local", request) == body("local", saying("hi")));
  request.is_streaming = false;
  CHECK(body("local", request) ==
        parsed(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":false})"));
}

TEST_CASE("providers get what they take") {
  auto request = saying("hi");
  request.maximum_output_tokens = 9;
  const auto openai = body("openai", request);
  CHECK(member(openai, "max_completion_tokens") == 9);
  CHECK(member(member(openai, "stream_options"), "include_obfuscation") == false);
  CHECK(member(openai, "max_tokens").is_null());
  const auto mistral = body("mistral", request);
  CHECK(member(mistral, "stream_options").is_null());
  CHECK(member(mistral, "max_tokens") == 9);
  CHECK(member(member(body("openrouter", request), "stream_options"), "include_obfuscation")
            .is_null());
}

TEST_CASE("attached texts stand before the message, in the same string") {
  auto request = saying("What now?");
  const std::array attachments = {
      llm::Attachment{.content = "A \"dragon\".\n", .name = "no\"tes.txt"},
      llm::Attachment{.content = "More", .name = "b"}};
  request.attachments = attachments;
  const auto messages = member(body("local", request), "messages");
  REQUIRE(messages.size() == 1);
  CHECK(member(messages[0], "content") ==
        "<attachment name=\"no\"tes.txt\">\nA \"dragon\".\n\n</attachment>\n\n"
        "<attachment name=\"b\">\nMore\n</attachment>\n\nWhat now?");
  request.user_text = "";
  CHECK(member(member(body("local", request), "messages")[0], "role") == "user");
}

TEST_CASE("a message with images is a list of parts") {
  auto request = saying("Who is this?");
  const std::array attachments = {llm::Attachment{.content = "Text", .name = "a"},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_url,
                                                  .content = "https://x.example/a.png?q=\"1\""},
                                  llm::Attachment{.kind = llm::Attachment::Kind::image_base64,
                                                  .content = "AAAA",
                                                  .media_type = "image/webp"}};
  request.attachments = attachments;
  CHECK(member(member(body("openai", request), "messages")[0], "content") == parsed(R"([
    {"type":"text","text":"<attachment name=\"a\">\nText\n</attachment>"},
    {"type":"image_url","image_url":{"url":"https://x.example/a.png?q=\"1\""}},
    {"type":"image_url","image_url":{"url":"data:image/webp;base64,AAAA"}},
    {"type":"text","text":"Who is this?"}])"));
  request.attachments = std::span(attachments).last(1);
  request.user_text = "";
  CHECK(member(member(body("openai", request), "messages")[0], "content").size() == 1);
}

TEST_CASE("what is attached goes into the message that the history ends with") {
  llm::ModelRequest request{.model = "m", .history_json = R"([{"role":"system","content":"Hi"},
    {"role":"user","content":"Who is \"this\"?"}])"};
  std::array attachments = {llm::Attachment{.content = "Text", .name = "a"},
                            llm::Attachment{.kind = llm::Attachment::Kind::image_base64,
                                            .content = "AAAA",
                                            .media_type = "image/png"}};
  request.attachments = std::span(attachments).first(1);
  auto messages = member(body("local", request), "messages");
  REQUIRE(messages.size() == 2);
  CHECK(member(messages[1], "content") ==
        "<attachment name=\"a\">\nText\n</attachment>\n\nWho is \"this\"?");
  request.attachments = attachments;
  messages = member(body("openai", request), "messages");
  REQUIRE(messages.size() == 2);
  CHECK(member(messages[1], "content").size() == 3);
  CHECK(member(member(messages[1], "content")[2], "text") == "Who is \"this\"?");

  // They belong to the last message, which is joined to the user's message before it.
  request.user_text = "Go on.";
  messages = member(body("openai", request), "messages");
  REQUIRE(messages.size() == 2);
  const auto parts = member(messages[1], "content");
  REQUIRE(parts.size() == 4);
  CHECK(member(parts[0], "text") == "Who is \"this\"?");
  CHECK(member(parts[1], "text") == "<attachment name=\"a\">\nText\n</attachment>");
  CHECK(member(parts[3], "text") == "Go on.");
}

TEST_CASE("a schema goes where the provider has a field for it, else into the system prompt") {
  auto request = saying("hi");
  request.response_schema = kSchema;
  request.response_schema_name = "book";
  const auto with_field = parsed(R"({"type":"json_schema","json_schema":{"name":"book",
    "strict":true,"schema":)" + std::string(kSchema) +
                                 "}}");
  const auto is_told = [](const json::Document& built) {
    const auto first = member(built, "messages")[0];
    const auto content = member(first, "content");
    return member(first, "role") == "system" &&
           json::string_at(first, "content")->find(kSchema) != std::string_view::npos;
  };
  const auto openai = body("openai", request);
  CHECK(member(openai, "response_format") == with_field);
  CHECK_FALSE(is_told(openai));
  for (const std::string_view name : {"openrouter", "hf", "ollama", "llamacpp", "local"}) {
    CAPTURE(name);
    CHECK(member(body(name, request), "response_format") == with_field);
    CHECK(is_told(body(name, request)));
  }
  const auto deepseek = body("deepseek", request);
  CHECK(member(deepseek, "response_format") == parsed(R"({"type":"json_object"})"));
  CHECK(is_told(deepseek));
  CHECK(member(body("groq", request), "response_format").is_null());
  CHECK(is_told(body("groq", request)));
  request.model = "gpt-4-turbo";
  CHECK(member(body("openai", request), "response_format").is_null());
  request.system_prompt = "Be kind.";
  const auto told = member(body("openai", request), "messages")[0];
  CHECK(json::string_at(told, "content")->starts_with("Be kind.\n\nAnswer with one JSON value"));
}

TEST_CASE("a conversation that the model has begun is opened by the user") {
  llm::ModelRequest request{.model = "m",
                            .history_json = R"([{"role":"assistant","content":"Come in."}])",
                            .user_text = "Thanks."};
  const auto messages = member(body("local", request), "messages");
  REQUIRE(messages.size() == 3);
  CHECK(member(messages[0], "role") == "user");
  CHECK(member(messages[0], "content") == "(The conversation begins.)");
  CHECK(member(messages[1], "content") == "Come in.");
  CHECK(member(messages[2], "content") == "Thanks.");
}
