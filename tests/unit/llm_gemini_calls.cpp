#include "shared/llm/stream/gemini_calls.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/gemini_decoding.hpp"

using namespace fabula;
using Calls = std::vector<tests::GeminiCall>;

namespace {

std::string frame(std::string_view call) {
  return R"(data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":)" +
         std::string(call) + "}]}}]}\r\n\r\n";
}

std::string stop(std::string_view parts) {
  return R"(data: {"candidates":[{"content":{"parts":[)" + std::string(parts) +
         "]},\"finishReason\":\"STOP\"}]}\r\n\r\n";
}

std::string begin(std::string_view name) {
  return frame(R"({"name":")" + std::string(name) + R"(","willContinue":true})");
}

std::string piece(std::string_view partial) {
  return frame(R"({"partialArgs":[{)" + std::string(partial) + R"(}],"willContinue":true})");
}

tests::GeminiAnswer decode(std::string_view body) {
  auto answer = tests::decode_gemini(body);
  CHECK(tests::is_same(answer, tests::decode_gemini(body, 1)));
  return answer;
}

Calls calls_of(std::string_view body) {
  const auto answer = decode(body);
  CHECK(answer.summary.complete);
  CHECK(answer.summary.finish_reason == llm::FinishReason::stop);
  return answer.calls;
}

const std::string kEnd = stop(R"({"functionCall":{}})");

}  // namespace

TEST_CASE("whole calls have their arguments as they stand there") {
  const auto answer = decode(stop(
      R"({"text":"a"},{"functionCall":{"name":"weather","args":{ "unit" : 1.50, "city":"Z\u00fcrich"}},)"
      R"("thoughtSignature":"AY89"},{"functionCall":{"id":"call-2","args":{},"name":"now"}},)"
      R"({"functionCall":{"name":"read_theme"}},{"text":"b"},{"functionCall":{"name":"x","args":null}})"));
  CHECK(answer.calls == Calls{{"", "weather", R"({ "unit" : 1.50, "city":"Z\u00fcrich"})"},
                              {"call-2", "now", "{}"},
                              {"", "read_theme", "{}"},
                              {"", "x", "{}"}});
  CHECK(answer.text == "ab");
  CHECK(answer.summary.complete);
}

TEST_CASE("arguments in pieces are put together at the closing empty call") {
  CHECK(calls_of(begin("getWeather") +
                 piece(R"("jsonPath":"$.location","stringValue":"Boston","willContinue":true)") +
                 piece(R"("jsonPath":"$.location","stringValue":", MA","willContinue":true)") +
                 piece(R"("jsonPath":"$.location","stringValue":"")") +
                 piece(R"("jsonPath":"$.brightness","numberValue":50)") + frame("{}") +
                 begin("getWeather") + piece(R"("jsonPath":"$.dark","boolValue":true)") +
                 piece(R"("jsonPath":"$.until","nullValue":"NULL_VALUE")") + kEnd) ==
        Calls{{"", "getWeather", R"({"brightness":50,"location":"Boston, MA"})"},
              {"", "getWeather", R"({"dark":true,"until":null})"}});
}

TEST_CASE("the last piece may be the end, and the next call or the reason too") {
  const auto price = R"("jsonPath":"$.operations[1].price","numberValue":0.3)";
  const auto operations =
      begin("writeItems") +
      piece(R"("jsonPath":"$.operations[0].action","stringValue":"add","willContinue":true)") +
      piece(R"("jsonPath":"$.operations[0].action","stringValue":"")") +
      piece(R"("jsonPath":"$.operations[0].price","numberValue":0.5)") +
      piece(R"("jsonPath":"$.operations[1].action","stringValue":"add")");
  const Calls expected = {
      {"", "writeItems",
       R"({"operations":[{"action":"add","price":0.5},{"action":"add","price":0.3}]})"}};
  CHECK(calls_of(operations + frame(R"({"partialArgs":[{)" + std::string(price) + "}]}") +
                 stop(R"({"text":""})")) == expected);
  CHECK(calls_of(operations + piece(price) + stop(R"({"text":""})")) == expected);
  CHECK(calls_of(operations + piece(price) + frame("{}") + frame("{}") + kEnd) == expected);

  CHECK(calls_of(begin("f") + piece(R"("jsonPath":"$.a","numberValue":1)") + begin("g") +
                 frame(R"({"willContinue":true})") + piece(R"("jsonPath":"$.b","numberValue":2)") +
                 frame(R"({"name":"h","id":"3","args":{"c":3}})") + kEnd) ==
        Calls{{"", "f", R"({"a":1})"}, {"", "g", R"({"b":2})"}, {"3", "h", R"({"c":3})"}});
}

TEST_CASE("a call in pieces may begin with arguments, and have none") {
  CHECK(calls_of(frame(R"({"name":"f","args":{"a":1},"willContinue":true})") +
                 piece(R"("jsonPath":"$.b","numberValue":2)") + begin("g") + kEnd) ==
        Calls{{"", "f", R"({"a":1,"b":2})"}, {"", "g", "{}"}});
  CHECK(calls_of(frame(R"({"name":"f","partialArgs":[{"jsonPath":"$.a","stringValue":"x"},)"
                       R"({"jsonPath":"$.a","stringValue":"y"},{"jsonPath":"$.b"},{}]})") +
                 kEnd) == Calls{{"", "f", R"({"a":"xy"})"}});
}

TEST_CASE("pieces without a call, and what is no call, are passed over") {
  CHECK(calls_of(piece(R"("jsonPath":"$.a","numberValue":1)") + frame("null") + frame("[1]") +
                 frame("\"f\"") + frame(R"({"args":{"a":1}})") + frame(R"({"name":""})") +
                 frame(R"({"name":7})") + begin("f") + frame(R"({"partialArgs":7})") + kEnd)
            .size() == 1);
}

TEST_CASE("a call is named when it begins, and an answer that ends early leaves it so") {
  const auto answer = decode(frame(R"({"name":"f","id":"1","willContinue":true})") +
                             piece(R"("jsonPath":"$.a","numberValue":1)"));
  CHECK(answer.calls == Calls{{"1", "f", ""}});
  CHECK(answer.summary.problem->code == ErrorCode::provider_incomplete);
}

TEST_CASE("pieces that cannot be placed make the answer malformed") {
  for (const auto* const path : {"", "$", "a", "$..a", "$[0]", "$.a[-1]", "$.a[*]", "$.a[16384]"}) {
    CAPTURE(path);
    const auto answer = decode(
        begin("f") + piece(R"("stringValue":"x","jsonPath":")" + std::string(path) + '"') + kEnd);
    CHECK_FALSE(answer.summary.complete);
    REQUIRE(answer.summary.problem);
    CHECK(answer.summary.problem->code == ErrorCode::provider_malformed);
  }
}

TEST_CASE("halves of characters in calls become U+FFFD") {
  CHECK(calls_of(frame(R"({"name":"f\ud83d","args":{"a":"\ude00"}})") + begin("g") +
                 piece(R"("jsonPath":"$.a","stringValue":"\ud83d")") + kEnd) ==
        Calls{{"", "f\uFFFD", R"({"a":"\ufffd"})"}, {"", "g", "{\"a\":\"\uFFFD\"}"}});
}
