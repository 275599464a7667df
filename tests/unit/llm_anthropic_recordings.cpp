#include <doctest/doctest.h>

#include <string>

#include "shared/llm/stream/anthropic_stream.hpp"
#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

tests::Decoded decode(std::string_view body, std::size_t piece_bytes = std::string::npos) {
  return tests::decode(llm::WireFormat::anthropic, body, piece_bytes);
}

void check_whole(const tests::Decoded& decoded, const tests::Expected& expected) {
  CHECK(decoded.text == expected.text);
  CHECK(decoded.reasoning == expected.reasoning);
  CHECK(decoded.tool_calls.empty());
  CHECK(decoded.summary.complete);
  CHECK_FALSE(decoded.summary.problem);
  CHECK(llm::name(decoded.summary.finish_reason) == expected.finish_reason);
  REQUIRE(decoded.summary.usage);
  CHECK(decoded.summary.usage->input_tokens == expected.input_tokens);
  CHECK(decoded.summary.usage->output_tokens == expected.output_tokens);
}

}  // namespace

TEST_CASE("an Anthropic recording is decoded exactly, in every framing, cut at every byte") {
  for (const auto recording : tests::kAnthropicRecordings) {
    CAPTURE(recording);
    const auto data = tests::payloads(recording);
    const auto expected = tests::expected_of(recording);
    for (const std::string_view line_end : {"\n", "\r\n", "\r"}) {
      for (const bool has_comments : {false, true}) {
        for (const bool has_event_names : {false, true}) {
          const auto body = tests::framed(data, {line_end, has_comments, false, has_event_names});
          check_whole(decode(body), expected);
          check_whole(decode("\xEF\xBB\xBF" + body, 1), expected);
          const auto whole = decode(body);
          int differences = 0;
          for (std::size_t cut = 0; cut <= body.size(); ++cut) {
            llm::AnthropicStream stream;
            tests::CollectingSink sink;
            tests::feed_copy(stream, std::string_view(body).substr(0, cut), sink);
            tests::feed_copy(stream, std::string_view(body).substr(cut), sink);
            if (!tests::is_same(tests::end(stream, sink), whole)) ++differences;
          }
          CHECK(differences == 0);
        }
      }
    }
  }
}

TEST_CASE("an Anthropic recording that ends early is incomplete, with the text so far") {
  for (const auto recording : tests::kAnthropicRecordings) {
    CAPTURE(recording);
    const auto expected = tests::expected_of(recording);
    const auto body = tests::framed(tests::payloads(recording), {"\n", true, false, true});
    const auto last_line = body.rfind("\"message_stop\"");
    const auto end = body.find("\n\n", last_line) + 2;

    llm::AnthropicStream stream;
    tests::CollectingSink sink;
    int faults = 0;
    for (std::size_t at = 0; at < end; ++at) {
      auto copy = stream;  // the result if the body ended here
      const auto summary = copy.finish();
      const bool is_prefix = expected.text.compare(0, sink.text.size(), sink.text) == 0;
      const bool is_incomplete = !summary.complete && summary.problem &&
                                 summary.problem->code == ErrorCode::provider_incomplete;
      if (!is_incomplete || !is_prefix || stream.ended()) ++faults;
      tests::feed_copy(stream, std::string_view(body).substr(at, 1), sink);
    }
    CHECK(faults == 0);
    CHECK(stream.ended());
    check_whole(tests::end(stream, sink), expected);
  }
}
