#include "shared/llm/stream/chunk_shape.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "shared/llm/stream/openai_chunk.hpp"
#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

constexpr std::string_view kChunk = R"({"choices":[{"delta":{"content":"one"}}],"x":"one"})";

llm::ChunkShape shape_of(std::string_view json, std::string_view contents) {
  llm::ChunkShape shape;
  shape.remember(json, json.substr(json.find(contents), contents.size()));
  return shape;
}

}  // namespace

TEST_CASE("a chunk that differs in its one string matches, and the string is found") {
  const auto shape = shape_of(kChunk, "one");
  const auto contents = [&](std::string_view json) {
    const auto string = shape.match(json);
    return string ? std::string(string->contents) : "no match";
  };
  CHECK(contents(kChunk) == "one");
  CHECK(contents(R"({"choices":[{"delta":{"content":""}}],"x":"one"})") == "");
  CHECK(contents(R"({"choices":[{"delta":{"content":"a\"\\é"}}],"x":"one"})") == R"(a\"\\é)");
  CHECK(contents(R"({"choices":[{"delta":{"content":"\ud83d"}}],"x":"one"})") == R"(\ud83d)");
}

TEST_CASE("anything else does not match") {
  const auto shape = shape_of(kChunk, "one");
  for (const std::string_view other :
       {"", "{}", R"({"choices":[{"delta":{"content":null}}],"x":"one"})",
        R"({"choices":[{"delta":{"content":"a"}}],"x":"two"})",
        R"({"choices":[{"delta":{"content":"a"}}],"x":"one"} )",
        R"({"choices":[{"delta":{"content":"a"}}],"x":"one")",
        R"({"choices":[{"delta":{"content":"a","content":"b"}}],"x":"one"})",
        R"({"choices":[{"delta":{"content":"a\"}}],"x":"one"})",
        R"({"choices":[{"delta":{"content":"\x"}}],"x":"one"})",
        R"({"choices":[{"delta":{"kontent":"a"}}],"x":"one"})"}) {
    CAPTURE(other);
    CHECK_FALSE(shape.match(other));
  }
  CHECK_FALSE(llm::ChunkShape().match(kChunk));
  CHECK_FALSE(llm::ChunkShape().match(""));
}

TEST_CASE("a string behind it that nobody reads may differ too") {
  constexpr std::string_view kPadded =
      R"({"id":"c","choices":[{"delta":{"content":"one"}}],"usage":null,"obfuscation":"Qx","z":1})";
  llm::StreamChunk chunk;
  REQUIRE(llm::read_usual_openai_chunk(kPadded, chunk));
  REQUIRE(chunk.ignored_contents == "Qx");
  llm::ChunkShape shape;
  shape.remember(kPadded, chunk.only_contents, chunk.ignored_contents);
  const auto contents = [&](std::string_view text, std::string_view padding) {
    const auto json = std::string(R"({"id":"c","choices":[{"delta":{"content":")")
                          .append(text)
                          .append(R"("}}],"usage":null,"obfuscation":")")
                          .append(padding)
                          .append(R"(","z":1})");
    const auto string = shape.match(json);
    return string ? std::string(string->contents) : "no match";
  };
  CHECK(contents("one", "Qx") == "one");
  CHECK(contents("", "") == "");
  CHECK(contents("two\n", "a longer \"one\"") == "no match");
  CHECK(contents("two\\n", "a longer \\\"one\\\"") == "two\\n");
  CHECK(contents("two", "\\x") == "no match");
  CHECK(contents("two", "Qx\",\"error\":\"no") == "no match");
  CHECK_FALSE(shape.match(R"({"id":"c","choices":[{"delta":{"content":"one"}}],"usage":null})"));
}

TEST_CASE("what is before the text is not passed over") {
  llm::StreamChunk chunk;
  REQUIRE(
      llm::read_usual_openai_chunk(R"({"id":"c","choices":[{"delta":{"content":"a"}}]})", chunk));
  CHECK_FALSE(chunk.ignored_contents.data());
}

TEST_CASE("only a chunk that says nothing but one string is remembered") {
  const auto only_contents = [](std::string_view json) {
    llm::StreamChunk chunk;
    REQUIRE(llm::read_usual_openai_chunk(json, chunk));
    return chunk.only_contents;
  };
  CHECK(only_contents(R"({"choices":[{"delta":{"content":"a\n","reasoning":""}}]})") == "a\\n");
  CHECK(only_contents(R"({"choices":[{"delta":{"reasoning_content":"b"}}],"usage":null})") == "b");
  for (const std::string_view more :
       {R"({"choices":[{"delta":{"content":""}}]})",
        R"({"choices":[{"delta":{"content":"a","reasoning":"b"}}]})",
        R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})",
        R"({"choices":[{"index":1,"delta":{"content":"a"}}]})",
        R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}})"}) {
    CAPTURE(more);
    CHECK(only_contents(more).empty());
  }
}

TEST_CASE("a stream of nearly the same chunks gives what the full parser gives for each") {
  tests::Mutations mutations(
      {R"({"id":"c","choices":[{"index":0,"delta":{"content":"one two"}}]})",
       R"({"choices":[{"delta":{"reasoning":"why"}}],"usage":null})",
       R"({"choices":[{"delta":{"content":"x"}}],"usage":null,"obfuscation":"Qx"})",
       R"({"choices":[{"delta":{"content":"a\n\u00e9"},"finish_reason":null}]})"});
  for (int round = 0; round < tests::kMutationRounds / 20; ++round) {
    std::vector<std::string> data;
    std::string text;
    std::string reasoning;
    while (data.size() < 20) {
      auto payload = mutations.next();
      const bool is_one_line = payload.find_first_of("\r\n") == std::string::npos;
      if (!is_one_line || !nlohmann::json::accept(payload)) continue;
      llm::StreamChunk chunk;
      llm::read_any_openai_chunk(payload, chunk);
      text += chunk.text;
      reasoning += chunk.reasoning;
      data.push_back(std::move(payload));
    }
    const auto decoded = tests::decode_openai(tests::framed(data));
    CAPTURE(data);
    CHECK(decoded.text == text);
    CHECK(decoded.reasoning == reasoning);
  }
}
