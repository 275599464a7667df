#include "shared/llm/stream/decoder.hpp"

#include <doctest/doctest.h>

#include <string>

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

TEST_CASE("words that only begin as reasoning does are told when the answer is over") {
  constexpr std::string_view kWords =
      R"(data: {"choices":[{"index":0,"delta":{"content":"Okay, the lamp went out."}}]})"
      "\n\n";
  constexpr std::string_view kReason =
      R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
      "\n\n";
  const auto decoder = llm::make_decoder(llm::WireFormat::openai);
  tests::CollectingSink sink;
  decoder->feed(kWords, sink);
  CHECK(decoder->is_holding());
  CHECK(sink.text.empty());
  // Some servers keep the stream open for seconds after the finish reason.
  decoder->feed(kReason, sink);
  CHECK(sink.text == "Okay, the lamp went out.");
  CHECK_FALSE(decoder->is_holding());
  CHECK(decoder->finish().complete);
  CHECK(sink.text == "Okay, the lamp went out.");
}

TEST_CASE("an answer that is cut off has its first words, but nothing that may be reasoning") {
  const auto text_of_cut = [](const std::string& words) {
    const auto decoder = llm::make_decoder(llm::WireFormat::openai);
    tests::CollectingSink sink;
    decoder->feed(R"(data: {"choices":[{"index":0,"delta":{"content":")" + words + "\"}}]}\n\n",
                  sink);
    CHECK(decoder->is_holding());
    CHECK(sink.text.empty());
    CHECK_FALSE(decoder->finish().complete);
    return sink.text;
  };
  CHECK(text_of_cut("Ok") == "Ok");
  CHECK(text_of_cut("Okay, the user wants a lamp.").empty());
}
