#include "shared/llm/stream/decoder.hpp"

#include <doctest/doctest.h>

#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

TEST_CASE("wire formats have names, and only those") {
  for (const auto format :
       {llm::WireFormat::openai, llm::WireFormat::anthropic, llm::WireFormat::gemini}) {
    CHECK(llm::wire_format_named(llm::name(format)) == format);
  }
  CHECK_FALSE(llm::wire_format_named(""));
  CHECK_FALSE(llm::wire_format_named("OpenAI"));
}

TEST_CASE("each wire format has its decoder, and no other reads it") {
  const auto text_of = [](llm::WireFormat format, std::string_view recording) {
    return tests::decode(format, tests::framed(tests::payloads(recording))).text;
  };
  using llm::WireFormat;
  CHECK(text_of(WireFormat::openai, "xai-text") == "Hello");
  CHECK(text_of(WireFormat::anthropic, "anthropic-text").substr(0, 6) == "Hello!");
  CHECK(text_of(WireFormat::gemini, "google-text").substr(0, 9) == "There are");
  CHECK(text_of(WireFormat::openai, "anthropic-text").empty());
  CHECK(text_of(WireFormat::anthropic, "google-text").empty());
  CHECK(text_of(WireFormat::gemini, "openai-text").empty());
}
