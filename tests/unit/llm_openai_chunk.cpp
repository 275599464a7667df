#include "shared/llm/stream/openai_chunk.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

void check_same(const llm::StreamChunk& usual, const llm::StreamChunk& any) {
  CHECK(usual.text == any.text);
  CHECK(usual.reasoning == any.reasoning);
  CHECK(usual.finish_reason == any.finish_reason);
  CHECK(usual.usage == any.usage);
  CHECK(usual.problem.has_value() == any.problem.has_value());
  CHECK(usual.tool_calls.empty());
  CHECK(any.tool_calls.empty());
  if (usual.has_lone_surrogates) CHECK(any.has_lone_surrogates);
}

bool is_usual(std::string_view json) {
  llm::StreamChunk chunk;
  return llm::read_usual_openai_chunk(json, chunk);
}

}  // namespace

TEST_CASE("the scanner reads every chunk of the recordings but the one with vendor usage") {
  for (const auto recording : tests::kOpenAiRecordings) {
    CAPTURE(recording);
    int unusual = 0;
    for (const auto& payload : tests::payloads(recording)) {
      llm::StreamChunk usual;
      if (!llm::read_usual_openai_chunk(payload, usual)) {
        ++unusual;
        continue;
      }
      llm::StreamChunk any;
      llm::read_any_openai_chunk(payload, any);
      check_same(usual, any);
    }
    CHECK(unusual == (recording == "groq-text" ? 1 : 0));
  }
}

TEST_CASE("the scanner leaves to the parser what it would have to guess") {
  CHECK(is_usual(R"({"choices":[{"delta":{"content":"a"}}]})"));
  for (const std::string_view unusual :
       {R"({"choices":[{"delta":{"content":["a"]}}]})", R"({"choices":[{"delta":{"content":1}}]})",
        R"({"choices":[{"delta":{"content":"a","content":"b"}}]})",
        R"({"choices":[{"delta":{}},{"delta":{}}]})", R"({"choices":[],"choices":[]})",
        R"({"ch\u006fices":[]})", R"({"error":{}})", R"({"usage":{"prompt_tokens":-1}})",
        R"({"usage":{"prompt_tokens":1.0}})", R"({"choices":[{"index":"0"}]})",
        R"({"choices":[{"delta":{"reasoning_details":[{"text":"a"}]}}]})",
        R"({"choices":[{"delta":{"tool_calls":[{"index":0}]}}]})",
        R"({"choices":[{"delta":{"function_call":{"name":"f"}}}]})",
        R"({"choices":[],"x_acme":{"usage":{"prompt_tokens":1}}})",
        R"({"choices":[],"x_acme":{"us\u0061ge":{"prompt_tokens":1}}})", "[]", "", "{} x"}) {
    CAPTURE(unusual);
    CHECK_FALSE(is_usual(unusual));
  }
}

TEST_CASE("scanner and parser give the same answer for every chunk that both can read") {
  std::vector<std::string> seeds = {
      R"({"choices":[{"index":1,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}}]})",
      R"({"choices":[{"delta":{"content":"a","refusal":"b","reasoning":"c","reasoning_content":"d"}}]})",
      R"({"object":"error","message":null,"choices":null,"error":null,"usage":null})",
      R"({"choices":[{"delta":{"reasoning":"","reasoning_details":[{"text":"x"}]},"usage":null}]})",
      R"({"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null}})",
      R"({"choices":[{"delta":{"content":"\ud83d","tool_calls":[],"function_call":null}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]})",
      R"({"choices":[],"x_groq":{"id":"r"},"moderation":{"input":[]}})",
      R"({"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":1,"completion_tokens":2}}})"};
  for (const auto recording : tests::kOpenAiRecordings) {
    const auto data = tests::payloads(recording);
    seeds.insert(seeds.end(), {data.front(), data[data.size() / 2], data.back()});
  }
  tests::Mutations mutations(seeds);
  int compared = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string payload = mutations.next();
    CAPTURE(payload);
    llm::StreamChunk usual;
    if (!llm::read_usual_openai_chunk(payload, usual)) continue;
    llm::StreamChunk any;
    llm::read_any_openai_chunk(payload, any);
    check_same(usual, any);
    ++compared;
  }
  CHECK(compared > tests::kMutationRounds / 10);
}
