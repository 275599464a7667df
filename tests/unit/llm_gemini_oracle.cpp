#include "tests/unit/gemini_oracle.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> all = {
      R"({"candidates":[{"index":1,"content":{"parts":[{"text":"no"}]}},{"index":0,"finishReason":"STOP"}]})",
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a\u00e9\ud83d\ude00"}]}}]})",
      R"({"candidates":[{"content":{},"finishReason":"RECITATION"}],"error":null})",
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","id":"1","args":{"b":[1,2.5,null],"a":{"c":"\n"}}}}]}}]})",
      R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}})",
      R"({"error":{"code":503,"message":"busy","status":"UNAVAILABLE"},"message":"x"})",
      R"({"candidates":null,"promptFeedback":null,"usageMetadata":{"thoughtsTokenCount":1,"cachedContentTokenCount":2}})"};
  // If members have the same name, the last counts.
  for (
      const auto* const twice : {
          R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"candidates":[{}]})",
          R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"content":{},"finishReason":"STOP","finishReason":1}]})",
          R"({"candidates":[{"content":{"parts":[{"text":"a"}],"parts":[{"text":"b","text":"c"}]},"index":0,"index":1}]})",
          R"({"candidates":[{"content":{"parts":[{"text":"a","thought":true,"thought":1,"text":"b"}],"parts":1}}]})",
          R"({"promptFeedback":{"blockReason":"OTHER"},"promptFeedback":{},"error":1,"error":null,"message":"a","message":1})",
          R"({"usageMetadata":{"promptTokenCount":1},"usageMetadata":{"thoughtsTokenCount":2,"thoughtsTokenCount":-1}})",
      }) {
    all.emplace_back(twice);
  }
  for (const auto recording : {"google-text", "google-reasoning"}) {
    const auto data = tests::payloads(recording);
    all.insert(all.end(), data.begin(), data.end());
  }
  return all;
}

}  // namespace

TEST_CASE("a Gemini response is read as the full parser reads it") {
  for (const auto& seed : seeds()) {
    REQUIRE(tests::GeminiOracle::read(seed).is_object);
    tests::check_against_oracle(seed);
  }
  tests::Mutations mutations(seeds());
  int objects = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string response = mutations.next();
    CAPTURE(response);
    tests::check_against_oracle(response);
    if (tests::GeminiOracle::read(response).is_object) ++objects;
  }
  CHECK(objects > tests::kMutationRounds / 10);
}

TEST_CASE("any Gemini body cut anywhere is survived, and pieces change nothing") {
  std::vector<std::string> bodies;
  std::string array;
  for (const auto& seed : seeds()) {
    bodies.push_back("data:" + seed + "\n\n");
    bodies.push_back("data: " + seed + "\r\n\r\n" + bodies.front());
    array += (array.empty() ? "[" : ",\n") + seed;
  }
  bodies.push_back(array + "]");
  tests::Mutations mutations(bodies);
  for (int round = 0; round < tests::kMutationRounds / 10; ++round) {
    const std::string body = mutations.next();
    CAPTURE(body);
    CHECK(tests::is_same(tests::decode_gemini(body),
                         tests::decode_gemini(body, 1 + mutations.below(40))));
  }
}
