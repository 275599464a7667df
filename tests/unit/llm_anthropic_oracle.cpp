#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/text/utf8.hpp"
#include "tests/unit/anthropic_oracle.hpp"
#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/habits.hpp"
#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

// The payloads of a body that is framed with LF.
std::vector<std::string> payloads_in(std::string_view body) {
  constexpr std::string_view kData = "\ndata: ";
  std::vector<std::string> payloads;
  for (auto at = body.find(kData); at != std::string_view::npos; at = body.find(kData, at)) {
    at += kData.size();
    payloads.emplace_back(body.substr(at, body.find('\n', at) - at));
  }
  return payloads;
}

std::vector<std::vector<std::string>> streams() {
  std::vector<std::vector<std::string>> streams;
  for (const auto recording : tests::kAnthropicRecordings) {
    streams.push_back(tests::payloads(recording));
  }
  for (const auto& habit : tests::habits_of(llm::WireFormat::anthropic)) {
    auto payloads = payloads_in(habit.body);
    if (!payloads.empty()) streams.push_back(std::move(payloads));
  }
  return streams;
}

// Inputs that arrived whole keep their text; the oracle serializes them again.
std::string normal(const std::string& arguments) {
  const auto document = json::parse(arguments, json::LoneSurrogates::allowed);
  return document ? json::dump(*document) : arguments;
}

void check_same(const tests::Decoded& decoded, const tests::AnthropicOracle& oracle) {
  CHECK(decoded.text == oracle.text());
  CHECK(decoded.reasoning == oracle.reasoning());
  CHECK(decoded.summary.complete == (oracle.is_over && !oracle.has_failed));
  CHECK(decoded.summary.finish_reason == oracle.reason);
  CHECK(decoded.summary.usage == oracle.usage);
  const auto calls = oracle.calls();
  REQUIRE(decoded.tool_calls.size() == calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    CHECK(decoded.tool_calls[i].id == calls[i].id);
    CHECK(decoded.tool_calls[i].name == calls[i].name);
    CHECK(normal(decoded.tool_calls[i].arguments) == normal(calls[i].arguments));
  }
}

}  // namespace

TEST_CASE("the oracle reads the streams as they are meant") {
  for (const auto& habit : tests::habits_of(llm::WireFormat::anthropic)) {
    if (habit.name == "no_types" || habit.name == "unknown_events") continue;  // need event names
    CAPTURE(habit.name);
    tests::AnthropicOracle oracle;
    for (const auto& payload : payloads_in(habit.body)) {
      if (payload != "[DONE]") oracle.read(payload);
    }
    CHECK(oracle.text() == json::string_at(habit.expected, "text"));
    CHECK(oracle.reasoning() == json::string_at(habit.expected, "reasoning"));
    CHECK((oracle.is_over && !oracle.has_failed) == json::boolean_at(habit.expected, "complete"));
  }
}

TEST_CASE("the decoder reads changed streams as the oracle does") {
  const auto seeds = streams();
  std::vector<std::string> all;
  for (const auto& stream : seeds) all.insert(all.end(), stream.begin(), stream.end());
  tests::Mutations mutations(all);
  int with_calls = 0;
  int complete = 0;
  for (int round = 0; round < tests::kMutationRounds / 4; ++round) {
    auto stream = seeds[mutations.below(seeds.size())];
    for (std::size_t changes = mutations.below(4); changes > 0; --changes) {
      const auto at = mutations.below(stream.size());
      switch (mutations.below(4)) {
        case 0:
          stream.erase(stream.begin() + static_cast<std::ptrdiff_t>(at));
          if (stream.empty()) stream.emplace_back("{}");
          break;
        case 1:
          std::swap(stream[at], stream[mutations.below(stream.size())]);
          break;
        default:
          stream[at] = mutations.next();
      }
    }
    tests::AnthropicOracle oracle;
    std::string body;
    for (auto& payload : stream) {
      const bool is_one_line = payload.find_first_of("\r\n") == std::string::npos;
      const auto begin = payload.find_first_not_of(" \t");
      const bool has_data = begin != std::string::npos && payload[begin] != '[';
      if (!is_one_line || !has_data || !text::is_valid_utf8(payload)) continue;
      oracle.read(payload);
      body += "data: " + payload + "\n\n";
    }
    CAPTURE(body);
    const auto decoded = tests::decode(llm::WireFormat::anthropic, body);
    check_same(decoded, oracle);
    with_calls += decoded.tool_calls.empty() ? 0 : 1;
    complete += decoded.summary.complete ? 1 : 0;
  }
  CHECK(with_calls > 100);
  CHECK(complete > 100);
}
