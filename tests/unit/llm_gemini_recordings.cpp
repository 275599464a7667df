#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/gemini_decoding.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;
using tests::decode_gemini;

namespace {

constexpr std::string_view kRecordings[] = {"google-text", "google-reasoning"};

std::string body_of(std::string_view recording, std::string_view line_end) {
  return tests::framed(tests::payloads(recording), {line_end, false, false});
}

// The same responses in the API's form without `alt=sse`.
std::string array_of(std::string_view recording) {
  std::string array;
  for (const auto& payload : tests::payloads(recording)) {
    array += (array.empty() ? "[" : ",\r\n") + payload;
  }
  return array + "\n]\n";
}

void check_whole(std::string_view recording, const tests::GeminiAnswer& answer) {
  const auto all = json::parse(tests::read_fixture("expected.json")).value_or(json::Document());
  const auto& expected = *json::find(all, recording);
  CHECK(answer.text == json::string_at(expected, "text"));
  CHECK(answer.reasoning == json::string_at(expected, "reasoning"));
  CHECK(answer.calls.empty());
  CHECK(answer.summary.complete);
  CHECK_FALSE(answer.summary.problem);
  CHECK(answer.summary.finish_reason ==
        llm::finish_reason_named(json::string_at(expected, "finish").value_or("")));
  const auto& usage = *json::find(expected, "usage");
  REQUIRE(answer.summary.usage);
  CHECK(answer.summary.usage->input_tokens == json::integer_at(usage, "promptTokenCount"));
  CHECK(answer.summary.usage->output_tokens == json::integer_at(usage, "candidatesTokenCount"));
  CHECK(answer.summary.usage->reasoning_tokens == json::integer_at(usage, "thoughtsTokenCount"));
  CHECK(answer.summary.usage->cached_input_tokens == 0);
}

}  // namespace

TEST_CASE("a Gemini recording is decoded exactly, in every framing, whole and byte by byte") {
  for (const auto recording : kRecordings) {
    CAPTURE(recording);
    std::vector<std::string> bodies = {array_of(recording)};
    for (const std::string_view line_end : {"\r\n", "\n", "\r"}) {
      bodies.push_back(body_of(recording, line_end));
    }
    for (const auto& body : bodies) {
      check_whole(recording, decode_gemini(body));
      check_whole(recording, decode_gemini("\xEF\xBB\xBF" + body, 1));
      check_whole(recording, decode_gemini(" \r\n\r\n" + body, 1));
      check_whole(recording, decode_gemini(body, 1000));
    }
  }
}

TEST_CASE("a Gemini recording cut in two at any byte gives the same") {
  for (const auto recording : kRecordings) {
    CAPTURE(recording);
    for (const auto& body :
         {body_of(recording, "\r\n"), body_of(recording, "\n"), array_of(recording)}) {
      const auto whole = decode_gemini(body);
      REQUIRE(whole.summary.complete);
      int differences = 0;
      for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        llm::GeminiStream stream;
        tests::GeminiSink sink;
        tests::feed_copy(stream, std::string_view(body).substr(0, cut), sink);
        tests::feed_copy(stream, std::string_view(body).substr(cut), sink);
        if (!tests::is_same({sink.text, sink.reasoning, sink.calls, stream.finish()}, whole)) {
          ++differences;
        }
      }
      CHECK(differences == 0);
    }
  }
}

TEST_CASE("a Gemini recording that ends early is incomplete, with the text so far, at every byte") {
  for (const auto recording : kRecordings) {
    CAPTURE(recording);
    const auto sse = body_of(recording, "\r\n");
    const auto array = array_of(recording);
    const auto whole = decode_gemini(sse);
    // The end is the blank line (its first character is enough) or the brace after the response
    // that names a reason.
    const auto sse_end = sse.find("\r\n\r\n", sse.find("finishReason")) + 3;
    const auto array_end = array.rfind('}') + 1;
    for (const auto& [body, end] : {std::pair(sse, sse_end), std::pair(array, array_end)}) {
      llm::GeminiStream stream;
      tests::GeminiSink sink;
      int faults = 0;
      for (std::size_t at = 0; at < body.size(); ++at) {
        auto copy = stream;  // the result if the body ended here
        const auto summary = copy.finish();
        const bool is_prefix = whole.text.compare(0, sink.text.size(), sink.text) == 0;
        const bool is_right = at < end
                                  ? !summary.complete && summary.problem &&
                                        summary.problem->code == ErrorCode::provider_incomplete &&
                                        summary.finish_reason == llm::FinishReason::none
                                  : summary.complete && !summary.problem && sink.text == whole.text;
        if (!is_right || !is_prefix) ++faults;
        tests::feed_copy(stream, std::string_view(body).substr(at, 1), sink);
      }
      CHECK(faults == 0);
    }
  }
}
