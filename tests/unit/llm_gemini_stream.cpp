#include "shared/llm/stream/gemini_stream.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/gemini_decoding.hpp"

using namespace fabula;
using llm::FinishReason;

namespace {

tests::GeminiAnswer decode(std::string_view body) {
  auto answer = tests::decode_gemini(body);
  CHECK(tests::is_same(answer, tests::decode_gemini(body, 1)));
  return answer;
}

std::string frame(std::string_view json) { return "data: " + std::string(json) + "\r\n\r\n"; }

std::string part(std::string_view members) {
  return frame(R"({"candidates":[{"content":{"parts":[{)" + std::string(members) +
               R"(}],"role":"model"},"index":0}]})");
}

std::string words(std::string_view said) { return part("\"text\":\"" + std::string(said) + '"'); }

std::string finish(std::string_view reason) {
  return frame(R"({"candidates":[{"finishReason":")" + std::string(reason) + "\"}]}");
}

const std::string kStop = finish("STOP");

void check_failed(const tests::GeminiAnswer& answer, ErrorCode code, std::string_view text) {
  CHECK(answer.text == text);
  CHECK_FALSE(answer.summary.complete);
  REQUIRE(answer.summary.problem);
  CHECK(facts(answer.summary.problem->code).name == facts(code).name);
}

}  // namespace

TEST_CASE("a finishReason is the end of a Gemini answer") {
  const auto answer = decode(words("a") + kStop);
  CHECK(answer.text == "a");
  CHECK(answer.summary.complete);
  CHECK(answer.summary.finish_reason == FinishReason::stop);

  check_failed(decode(words("a")), ErrorCode::provider_incomplete, "a");
  check_failed(decode(""), ErrorCode::provider_incomplete, "");
  check_failed(decode(": keep-alive\n\n"), ErrorCode::provider_incomplete, "");
  check_failed(decode(" \n\n"), ErrorCode::provider_malformed, "");
}

TEST_CASE("half of Gemini's answers are one response") {
  const auto answer = decode(frame(
      R"({"candidates": [{"content": {"parts": [{"text": "a"},{"text": "b"}],"role": "model"},)"
      R"("finishReason": "MAX_TOKENS","index": 0,"avgLogprobs": -0.1}],"usageMetadata": )"
      R"({"promptTokenCount": 1,"candidatesTokenCount": 2,"totalTokenCount": 3},"modelVersion": "m"})"));
  CHECK(answer.text == "ab");
  CHECK(answer.summary.complete);
  CHECK(answer.summary.finish_reason == FinishReason::length);
  CHECK(answer.summary.usage == llm::Usage{1, 2, 0, 0});
}

TEST_CASE("text left at the end without a blank line is discarded") {
  check_failed(decode(words("a") + "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n"),
               ErrorCode::provider_incomplete, "a");
  const auto answer = decode(words("a") + kStop + "data: {\"candidates\":[{\"content\":");
  CHECK(answer.summary.complete);
  CHECK(answer.text == "a");
}

TEST_CASE("thoughts are reasoning, and their signatures nothing") {
  const auto answer = decode(
      part(R"("text":"**Plan**","thought":true)") + part(R"("thought":true,"text":"\n\n")") +
      part(R"("text":"a","thought":false)") + part(R"("text":"","thoughtSignature":"CiMBjz1r")") +
      part(R"("thoughtSignature":"CiMBjz1r","inlineData":{"data":"aGk="})") +
      part(R"("executableCode":{"code":"text"},"codeExecutionResult":{"output":"text"})") + kStop);
  CHECK(answer.reasoning == "**Plan**\n\n");
  CHECK(answer.text == "a");
  CHECK(answer.summary.complete);
}

TEST_CASE("the last of several finish reasons counts, and the text after the first is kept") {
  const auto with_stop = [](std::string_view words) {
    return frame(R"({"candidates": [{"content": {"parts": [{"text": ")" + std::string(words) +
                 R"("}]},"finishReason": "STOP","index": 0}]})");
  };
  const auto answer =
      decode(with_stop("a") + with_stop("b") +
             frame(R"({"candidates":[{"finishReason":"RECITATION","index":0,)"
                   R"("citationMetadata":{"citationSources":[{"startIndex":0}]}}]})"));
  CHECK(answer.text == "ab");
  CHECK(answer.summary.complete);
  CHECK(answer.summary.finish_reason == FinishReason::content_filter);

  const auto grounded =
      decode(with_stop("a") + frame(R"({"candidates":[{"content":{},"index":0}]})"));
  CHECK(grounded.summary.finish_reason == FinishReason::stop);
}

TEST_CASE("a reason ends the waiting unless the model goes on after it") {
  llm::GeminiStream stream;
  tests::GeminiSink sink;
  const auto feed = [&](const std::string& body) { tests::feed_copy(stream, body, sink); };
  feed(words("a"));
  CHECK_FALSE(stream.has_finish_reason());
  feed(kStop);
  CHECK(stream.has_finish_reason());
  feed(frame(R"({"usageMetadata":{"promptTokenCount":1}})") + words(""));
  CHECK(stream.has_finish_reason());
  feed(words("b"));
  CHECK_FALSE(stream.has_finish_reason());
  CHECK_FALSE(stream.ended());
  CHECK(stream.finish().complete);
}

TEST_CASE("Gemini's reasons have one name each") {
  const auto reason = [](std::string_view word) {
    const auto answer = decode(finish(word));
    CHECK(answer.summary.complete == (answer.summary.finish_reason != FinishReason::none));
    return answer.summary.finish_reason;
  };
  CHECK(reason("MAX_TOKENS") == FinishReason::length);
  CHECK(reason("S\\u0054OP") == FinishReason::stop);
  for (const auto* const word :
       {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}) {
    CHECK(reason(word) == FinishReason::content_filter);
  }
  for (const auto* const word :
       {"OTHER", "LANGUAGE", "MALFORMED_FUNCTION_CALL", "FAKE_ENUM", "\\u0041\\ud800"}) {
    CHECK(reason(word) == FinishReason::other);
  }
  CHECK(reason("") == FinishReason::none);
}

TEST_CASE("a blocked prompt is an answer without text") {
  const auto answer = decode(
      frame(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","safetyRatings":[]},)"
            R"("usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"m"})"));
  CHECK(answer.summary.complete);
  CHECK(answer.text.empty());
  CHECK(answer.summary.finish_reason == FinishReason::content_filter);
  CHECK(answer.summary.usage == llm::Usage{9, 0, 0, 0});
  CHECK(decode(frame(R"({"promptFeedback":{"blockReason":"NEW_ONE"}})")).summary.finish_reason ==
        FinishReason::content_filter);

  const auto only_ratings = R"("promptFeedback":{"safetyRatings":[{"probability":"LOW"}]}})";
  const auto answered = decode(
      frame(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],)" +
            std::string(only_ratings)));
  CHECK(answered.summary.finish_reason == FinishReason::stop);
  CHECK(answered.text == "a");
}

TEST_CASE("the last usage counts, and what it leaves out is kept from before") {
  const auto usage = [](std::string_view counts) {
    return frame(R"({"usageMetadata":{)" + std::string(counts) + "}}");
  };
  const auto answer = decode(
      usage(R"("trafficType":"ON_DEMAND")") +
      usage(R"("promptTokenCount":15,"candidatesTokenCount":4,"thoughtsTokenCount":7)") +
      usage(R"("promptTokenCount":13,"candidatesTokenCount":8,"cachedContentTokenCount":2)") +
      usage(R"("promptTokenCount":13,"totalTokenCount":28,"candidatesTokenCount":null)") + kStop +
      usage(R"("promptTokenCount":"1","candidatesTokenCount":-1,"thoughtsTokenCount":1.0)"));
  CHECK(answer.summary.usage == llm::Usage{13, 8, 7, 2});
  CHECK_FALSE(decode(kStop + usage(R"("trafficType":"ON_DEMAND")")).summary.usage);
  CHECK_FALSE(decode(kStop + frame(R"({"usageMetadata":[1]})")).summary.usage);
}

TEST_CASE("candidate 0 is the answer, and so is the first without an index") {
  const auto answer =
      decode(frame(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}},)"
                   R"({"content":{"parts":[{"text":"no"}]},"finishReason":"SAFETY"}]})") +
             frame(R"({"candidates":[{"index":1,"content":{"parts":[{"text":"no"}]}},)"
                   R"({"finishReason":"STOP","content":{"parts":[{"text":"b"}]},"index":0}]})"));
  CHECK(answer.text == "ab");
  CHECK(answer.summary.finish_reason == FinishReason::stop);
}

TEST_CASE("what has another type than it should is as good as not there") {
  const auto answer = decode(
      frame(R"({"candidates":[{"content":{}}]})") + frame(R"({"candidates":[{"content":null}]})") +
      frame(R"({"candidates":[{"content":{"parts":null}}]})") +
      frame(R"({"candidates":[null,1]})") +
      frame(R"({"candidates":{"content":{"parts":[{"text":"no"}]}}})") + frame("{}") + frame("") +
      frame(R"({"candidates":[{"content":{"parts":[1,"no",{"text":2},{"text":null}]}}]})") +
      frame(R"({"promptFeedback":"no","usageMetadata":7,"message":"no","candidates":[]})") +
      frame(R"({"candidates":[{"finishReason":3}]})") + words("a") + kStop);
  CHECK(answer.text == "a");
  CHECK(answer.summary.complete);
  CHECK_FALSE(answer.summary.usage);
}

TEST_CASE("an error in or between Gemini's responses means not complete, and keeps the text") {
  const std::string error =
      R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})";
  check_failed(decode(words("a") + frame(error)), ErrorCode::provider_error, "a");
  check_failed(decode(words("a") + kStop + frame(error)), ErrorCode::provider_error, "a");
  check_failed(decode(words("a") + error), ErrorCode::provider_error, "a");
  check_failed(decode(words("a") + "[" + error + "\n]\n"), ErrorCode::provider_error, "a");
  check_failed(decode(words("a") + "event: error\n" + frame("{}") + kStop),
               ErrorCode::provider_error, "a");
  check_failed(decode(frame(R"({"error":{"status":"RESOURCE_EXHAUSTED"},"candidates":)"
                            R"([{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]})")),
               ErrorCode::provider_rate_limited, "a");
  for (const std::string none : {"null", "false", "0", "\"\""}) {
    CHECK(decode(frame(R"({"error":)" + none + "}") + kStop).summary.complete);
  }
}

TEST_CASE("a body that is one JSON error is that error") {
  check_failed(decode("{\n  \"error\": {\n    \"code\": 400,\n    \"message\": \"API key not "
                      "valid.\",\n    \"status\": \"INVALID_ARGUMENT\"\n  }\n}\n"),
               ErrorCode::provider_unauthorized, "");
  check_failed(decode("[{\n  \"error\": {\n    \"code\": 429,\r\n\r\n    \"message\": \"slow\"\n"
                      "  }\n}\n]"),
               ErrorCode::provider_rate_limited, "");
  check_failed(decode(R"({"message":"Forbidden"})"), ErrorCode::provider_error, "");
  const auto answer = decode(R"({"error":{"code":401,"message":"bad key AIzaSy"}})");
  check_failed(answer, ErrorCode::provider_unauthorized, "");
  CHECK(answer.summary.problem->cause == "401");
  CHECK(answer.summary.problem->detail.find("AIza") == std::string::npos);
}

TEST_CASE("a body without alt=sse is one array of responses, or one response") {
  const std::string first = R"({"candidates": [{"content": {"parts": [{"text": "a]}{\"\\"}]}}]})";
  const std::string last =
      "{\n  \"candidates\": [\n    {\n      \"finishReason\": \"STOP\"\n    "
      "}\n  ],\n  \"usageMetadata\": {\"promptTokenCount\": 2}\n}";
  const auto answer = decode("[" + first + "\n,\r\n" + last + "\n]\n");
  CHECK(answer.text == "a]}{\"\\");
  CHECK(answer.summary.complete);
  CHECK(answer.summary.usage == llm::Usage{2, 0, 0, 0});
  CHECK(decode(last).summary.complete);
  check_failed(decode("[" + first + ",\n" + last.substr(0, last.size() - 1)),
               ErrorCode::provider_incomplete, "a]}{\"\\");
  check_failed(decode("[]"), ErrorCode::provider_incomplete, "");
  check_failed(decode("[{\"a\":}]"), ErrorCode::provider_malformed, "");
}

TEST_CASE("a body that is neither is malformed") {
  check_failed(decode("<html>Bad gateway</html>"), ErrorCode::provider_malformed, "");
  for (const std::string_view bad : {"{", "hello", "[1]", "\"x\"", "{\"a\":\"\\x\"}", "null"}) {
    CAPTURE(bad);
    check_failed(decode(words("a") + frame(bad) + words("b") + kStop),
                 ErrorCode::provider_malformed, "ab");
  }
  check_failed(decode(frame(std::string(10'000, '['))), ErrorCode::provider_malformed, "");
}

TEST_CASE("a proxy's [DONE] is no response, and nothing after it is read") {
  const auto answer = decode(words("a") + kStop + "data: [DONE]\n\n" + words("b"));
  CHECK(answer.text == "a");
  CHECK(answer.summary.complete);
  check_failed(decode(words("a") + "data: [DONE]\n\n"), ErrorCode::provider_incomplete, "a");
}

TEST_CASE("lines of 48 KB are read, and endless ones are given up") {
  const std::string signature(48'000, 'A');
  const auto answer = decode(part(R"("text":"a","thoughtSignature":")" + signature + '"') +
                             words(signature) + kStop);
  CHECK(answer.text == "a" + signature);

  for (const std::string_view begin : {"data: ", "{\"a\":\"", "["}) {
    llm::GeminiStream stream;
    tests::GeminiSink sink;
    stream.feed(begin, sink);
    const std::string piece(65'536, '{');
    for (int i = 0; i < 40 && !stream.failed(); ++i) stream.feed(piece, sink);
    CHECK(stream.failed());
    stream.feed(piece, sink);
    CHECK(stream.finish().problem->code == ErrorCode::provider_malformed);
  }
}

TEST_CASE("escapes are resolved, also of a character whose halves come in two responses") {
  const auto answer = decode(words(R"(\"\\\/\n\u00e9\ud83d\ude00)") + words(R"(x\ud83d)") +
                             words("") + words(R"(\ude00y)") + words(R"(\ud83d)") + words("z") +
                             part(R"("thought":true,"text":"\ud83d")") + words("1") +
                             part(R"("thought":true,"text":"\ude00")") +
                             frame("{\"\\u0063andidates\" : []}") + words(R"(\ud83d)") + kStop);
  CHECK(answer.text == "\"\\/\né😀x😀y\uFFFDz1");
  CHECK(answer.reasoning == "😀");
}
