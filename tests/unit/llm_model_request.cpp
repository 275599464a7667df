#include "shared/llm/request/model_request.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"
#include "tests/unit/request_bodies.hpp"

using namespace fabula;
using tests::body;
using tests::member;

namespace {

constexpr std::string_view kFormats[] = {"openai", "anthropic", "gemini"};

void check_refused(std::string_view provider, const llm::ModelRequest& request) {
  CAPTURE(provider);
  const auto built = llm::build_request(tests::provider(provider), request);
  REQUIRE_FALSE(built);
  CHECK(built.error().code == ErrorCode::internal_error);
}

}  // namespace

TEST_CASE("a history that is not what the database makes is refused, not sent") {
  llm::ModelRequest request;
  request.model = "m";
  request.user_text = "hi";
  for (const std::string_view bad :
       {"", "null", "{}", "[1]", "[{}]", "[{}", R"([{"role":"user"}])", R"([{"content":"a"}])",
        R"([{"role":"user","content":1}])", R"([{"role":"user","content":null}])",
        R"([{"role":"","content":"a"}])", R"([{"role":"user","content":"a"},])",
        R"([{"role":"user","content":"a"}]])", R"([{"role":"user","content":"a"}],"x":[])",
        R"([{"role":"user","content":"\ud83d"}])", "[{\"role\":\"user\",\"content\":\"\n\"}]",
        "[{\"role\":\"user\",\"content\":\"\xFF\"}]", R"([{"role":"user","content":"a")",
        R"([[{"role":"user","content":"a"}]])"}) {
    CAPTURE(bad);
    request.history_json = bad;
    for (const auto provider : kFormats) check_refused(provider, request);
  }
}

TEST_CASE("a model is asked only when the user has the last word") {
  llm::ModelRequest request;
  request.model = "m";
  for (const std::string_view history :
       {"[]", R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"}])"}) {
    request.history_json = history;
    for (const auto provider : kFormats) check_refused(provider, request);
  }
}

TEST_CASE("a schema that is not JSON is refused") {
  llm::ModelRequest request;
  request.model = "m";
  request.user_text = "hi";
  request.response_schema = R"({"type":"object"},"stream":false)";
  for (const auto provider : kFormats) check_refused(provider, request);
}

TEST_CASE("any text stays inside its string") {
  llm::ModelRequest request;
  request.model = "m\",\"x\":\"";
  request.system_prompt = "\xFF\"}],";
  request.user_text = std::string_view("\0\x1f\"\\\xED\xA0\xBD", 7);
  for (const auto provider : kFormats) {
    CAPTURE(provider);
    const auto document = body(provider, request);
    const auto turns = member(document, provider == "gemini" ? "contents" : "messages");
    CHECK(turns.size() == (provider == "openai" ? 2 : 1));
    if (provider != "gemini") CHECK(json::string_at(document, "model") == request.model);
  }
}

TEST_CASE("whatever the history is, the body is JSON or there is none") {
  tests::Mutations mutations(
      {R"([{"role":"user","content":"a\"\\ \ud83d\udc09"},{"role":"assistant","content":"b"}])",
       R"([{"role": "system", "content": " "}, {"role": "user", "content": "\n\u00a0"}])"});
  llm::ModelRequest request;
  request.model = "m";
  request.user_text = "hi";
  for (int i = 0; i < 3000; ++i) {
    const auto history = mutations.next();
    CAPTURE(history);
    request.history_json = history;
    for (const auto provider : kFormats) {
      const auto built = llm::build_request(tests::provider(provider), request);
      if (built) CHECK(json::parse(*built));
    }
  }
}

TEST_CASE("a long conversation takes little more memory than its own text") {
  std::string history = "[";
  while (history.size() < 60'000) {
    history += R"({"role": "user", "content": ")" + std::string(150, 'q') + "\\n\"}, ";
    history += R"({"role": "assistant", "content": ")" + std::string(450, 'a') + "\\n\"}, ";
  }
  history.resize(history.size() - 2);
  history += "]";
  llm::ModelRequest request;
  request.model = "m";
  request.history_json = history;
  request.user_text = "hi";
  for (const auto provider : kFormats) {
    CAPTURE(provider);
    const auto built = llm::build_request(tests::provider(provider), request);
    REQUIRE(built);
    // If it had outgrown its reservation, the capacity would have doubled.
    CHECK(built->capacity() < history.size() * 5 / 4);
  }
}
