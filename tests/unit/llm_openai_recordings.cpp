#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "shared/llm/stream/openai_stream.hpp"
#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;
using tests::decode_openai;

namespace {

void check_whole(const tests::Decoded& decoded, const tests::Expected& expected) {
  CHECK(decoded.text == expected.text);
  CHECK(decoded.reasoning == expected.reasoning);
  CHECK(decoded.summary.complete);
  CHECK_FALSE(decoded.summary.problem);
  CHECK(llm::name(decoded.summary.finish_reason) == expected.finish_reason);
  REQUIRE(decoded.summary.usage);
  CHECK(decoded.summary.usage->input_tokens == expected.input_tokens);
  CHECK(decoded.summary.usage->output_tokens == expected.output_tokens);
}

// A body of which every cut can be tried: the recording's first and last chunks.
std::vector<std::string> ends_of(std::vector<std::string> data) {
  constexpr std::ptrdiff_t kKept = 4;
  if (data.size() > 2 * kKept) data.erase(data.begin() + kKept, data.end() - kKept);
  return data;
}

}  // namespace

TEST_CASE("every recording is decoded exactly, in every framing, whole and byte by byte") {
  for (const auto recording : tests::kOpenAiRecordings) {
    CAPTURE(recording);
    const auto data = tests::payloads(recording);
    const auto expected = tests::expected_of(recording);
    for (const std::string_view line_end : {"\n", "\r\n", "\r"}) {
      for (const bool has_comments : {false, true}) {
        for (const bool has_end_marker : {false, true}) {
          const auto body = tests::framed(data, {line_end, has_comments, has_end_marker});
          check_whole(decode_openai(body), expected);
          check_whole(decode_openai("\xEF\xBB\xBF" + body, 1), expected);
          check_whole(decode_openai(body, 1000), expected);
        }
      }
    }
  }
}

TEST_CASE("the ends of a recording cut in two at any byte give the same") {
  for (const auto recording : tests::kOpenAiRecordings) {
    CAPTURE(recording);
    const auto data = ends_of(tests::payloads(recording));
    for (const std::string_view line_end : {"\n", "\r\n"}) {
      const auto body = tests::framed(data, {line_end, true, true});
      const auto whole = decode_openai(body);
      REQUIRE(whole.summary.complete);
      int differences = 0;
      for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        llm::OpenAiStream stream;
        tests::CollectingSink sink;
        tests::feed_copy(stream, std::string_view(body).substr(0, cut), sink);
        tests::feed_copy(stream, std::string_view(body).substr(cut), sink);
        if (!tests::is_same(tests::end(stream, sink), whole)) ++differences;
      }
      CHECK(differences == 0);
    }
  }
}

// Trying every cut of a whole recording with everything before and after would take minutes: here
// the text before is fed once, and two frames of the text after.
TEST_CASE("a whole recording cut in two at any byte gives the same") {
  for (const auto recording : tests::kOpenAiRecordings) {
    CAPTURE(recording);
    const auto body = tests::framed(tests::payloads(recording), {"\n", true, true});
    llm::OpenAiStream before;
    std::size_t faults = 0;
    for (std::size_t frame = 0; frame < body.size();) {
      const auto next = std::min(body.find("\n\ndata", frame), body.size() - 2) + 2;
      const auto end = std::min(body.find("\n\ndata", next), body.size() - 2) + 2;
      const auto bytes = std::string_view(body).substr(frame, end - frame);
      auto stream = before;
      tests::CollectingSink sink;
      stream.feed(bytes, sink);
      const auto whole = tests::end(stream, sink);
      for (std::size_t cut = 0; cut < next - frame; ++cut) {
        auto other = before;
        tests::CollectingSink other_sink;
        other.feed(bytes.substr(0, cut), other_sink);
        other.feed(bytes.substr(cut), other_sink);
        if (!tests::is_same(tests::end(other, other_sink), whole)) ++faults;
      }
      tests::CollectingSink told;
      before.feed(bytes.substr(0, next - frame), told);
      frame = next;
    }
    CHECK(faults == 0);
  }
}

TEST_CASE("a recording that ends early is incomplete, with the text so far, at every byte") {
  for (const auto recording : tests::kOpenAiRecordings) {
    CAPTURE(recording);
    const auto expected = tests::expected_of(recording);
    const auto body = tests::framed(tests::payloads(recording), {"\n", true, true});
    // The end is the blank line after the first chunk that names a reason.
    const auto finish = body.find("\"finish_reason\":\"");
    REQUIRE(finish != std::string::npos);
    const auto end = body.find("\n\n", finish) + 2;

    llm::OpenAiStream stream;
    tests::CollectingSink sink;
    int faults = 0;
    for (std::size_t at = 0; at < body.size(); ++at) {
      auto copy = stream;  // the result if the body ended here
      const auto summary = copy.finish();
      const bool is_prefix = expected.text.compare(0, sink.text.size(), sink.text) == 0;
      const bool is_right =
          at < end ? !summary.complete && summary.problem &&
                         summary.problem->code == ErrorCode::provider_incomplete &&
                         summary.finish_reason == llm::FinishReason::none
                   : summary.complete && !summary.problem && sink.text == expected.text;
      if (!is_right || !is_prefix) ++faults;
      tests::feed_copy(stream, std::string_view(body).substr(at, 1), sink);
    }
    CHECK(faults == 0);
  }
}
