#include "shared/llm/stream/anthropic_stream.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/habits.hpp"
#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

// The behaviour of single providers and gateways is in tests/habits/anthropic.
namespace {

tests::Decoded decode(std::string_view body, std::size_t piece_bytes = std::string::npos) {
  return tests::decode(llm::WireFormat::anthropic, body, piece_bytes);
}

std::string event(std::string_view type, std::string_view members) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" +
         std::string(members) + "}\n\n";
}

std::string block_start(int index, std::string_view block) {
  return event("content_block_start",
               ",\"index\":" + std::to_string(index) + ",\"content_block\":" + std::string(block));
}

std::string delta(int index, std::string_view members) {
  return event("content_block_delta",
               ",\"index\":" + std::to_string(index) + ",\"delta\":{" + std::string(members) + "}");
}

std::string text_delta(int index, std::string_view text) {
  return delta(index, R"("type":"text_delta","text":")" + std::string(text) + '"');
}

const std::string kStart = event("message_start", R"(,"message":{"id":"m","content":[]})");
const std::string kStop = event("message_stop", "");

}  // namespace

TEST_CASE("lines of 48 KB and many blocks are read whole") {
  const std::string line(48 * 1024, 'x');
  std::string body = kStart;
  std::string expected;
  for (int block = 0; block < 35; ++block) {
    body += block_start(2 * block, R"({"type":"text","text":""})") +
            text_delta(2 * block, block % 7 == 0 ? line : "word ");
    expected += block % 7 == 0 ? line : "word ";
  }
  const auto decoded = decode(body + kStop, 4096);
  CHECK(decoded.text == expected);
  CHECK(decoded.summary.complete);
}

TEST_CASE("blocks that stand side by side keep their calls apart") {
  const auto input = [](int index, std::string_view json) {
    return delta(index, R"("type":"input_json_delta","partial_json":")" + std::string(json) + '"');
  };
  const auto call = [](int index, std::string_view id) {
    return block_start(
        index, R"({"type":"tool_use","id":")" + std::string(id) + R"(","name":"f","input":{}})");
  };
  const auto decoded =
      decode(kStart + call(4, "a") + call(1, "b") + input(1, "{") + input(4, "[") + input(1, "}") +
             input(4, "]") + event("content_block_stop", R"(,"index":4)") + input(4, "late") +
             // Another block takes the number of a call that was not stopped.
             block_start(1, R"({"type":"server_tool_use","id":"s","name":"f","input":{}})") +
             input(1, "no") + input(9, "no") + kStop);
  REQUIRE(decoded.tool_calls.size() == 2);
  CHECK(decoded.tool_calls[0] == llm::ToolCall{"a", "f", "[]"});
  CHECK(decoded.tool_calls[1] == llm::ToolCall{"b", "f", "{}"});
  CHECK(decoded.summary.complete);
}

TEST_CASE("counts may be missing, null, negative or no numbers") {
  const auto usage = [](std::string_view first, std::string_view last) {
    return decode(event("message_start",
                        R"(,"message":{"id":"m","usage":)" + std::string(first) + "}") +
                  event("message_delta",
                        R"(,"delta":{"stop_reason":"end_turn"},"usage":)" + std::string(last)) +
                  kStop)
        .summary.usage;
  };
  CHECK(usage(R"({"input_tokens":7,"output_tokens":1})",
              R"({"output_tokens":9,"cache_read_input_tokens":4,)"
              R"("output_tokens_details":{"thinking_tokens":3}})") == llm::Usage{7, 9, 3, 4});
  CHECK(usage(R"({"input_tokens":7,"cache_creation_input_tokens":60,"output_tokens":1})",
              R"({"output_tokens":9})") == llm::Usage{7, 9, 0, 0, 60});
  CHECK(usage("null", R"({"output_tokens":9})") == llm::Usage{0, 9, 0, 0});
  CHECK(usage(R"({"input_tokens":7})", R"({"input_tokens":-1,"output_tokens":"9"})") ==
        llm::Usage{7, 0, 0, 0});
  CHECK_FALSE(usage("[]", R"({"output_tokens":null,"service_tier":"standard"})"));
}

TEST_CASE("nothing after message_stop is read, and reading may stop there") {
  llm::AnthropicStream stream;
  tests::CollectingSink sink;
  stream.feed(kStart + text_delta(0, "a") + "event: message_stop\ndata: {\"type\":\"mess", sink);
  CHECK_FALSE(stream.ended());
  stream.feed("age_stop\"}\n\n" + text_delta(0, "b") + event("error", ""), sink);
  CHECK(stream.ended());
  CHECK(sink.text == "a");
  CHECK(stream.finish().complete);
}

TEST_CASE("a stop_reason says that only little follows") {
  llm::AnthropicStream stream;
  tests::CollectingSink sink;
  stream.feed(kStart + text_delta(0, "a"), sink);
  CHECK_FALSE(stream.has_finish_reason());
  stream.feed(event("message_delta", R"(,"delta":{"stop_reason":"end_turn"})"), sink);
  CHECK(stream.has_finish_reason());
  CHECK_FALSE(stream.ended());
}

TEST_CASE("a chunk that is no JSON object is a fault, with the text so far") {
  for (const std::string_view chunk : {"[]", "{\"type\":", "\"x\"", "{} {}", "{\"a\":\"\\x\"}"}) {
    CAPTURE(chunk);
    const auto decoded =
        decode(kStart + text_delta(0, "a") + "data: " + std::string(chunk) + "\n\n" + kStop);
    CHECK(decoded.text == "a");
    REQUIRE(decoded.summary.problem);
    CHECK(decoded.summary.problem->code == ErrorCode::provider_malformed);
  }
  const std::string deep(100, '[');
  CHECK(decode(kStart + event("content_block_delta", ",\"a\":" + deep + std::string(100, ']')) +
               kStop)
            .summary.problem);
}

TEST_CASE("no word of a provider's error gets into what clients or logs see") {
  const auto decoded =
      decode(event("error", R"(,"error":{"type":"api_error","message":"key sk-1"})"));
  REQUIRE(decoded.summary.problem);
  CHECK(decoded.summary.problem->cause == "api_error");
  CHECK(decoded.summary.problem->detail.find("sk-1") == std::string::npos);
}

TEST_CASE("a stream of endless calls is malformed, with the first of them kept") {
  std::string body = kStart;
  for (int i = 0; i < 300; ++i) {
    body += block_start(i, R"({"type":"tool_use","id":"c","name":"f","input":{}})");
  }
  const auto decoded = decode(body + kStop);
  CHECK(decoded.tool_calls.size() == llm::kMaximumToolCalls);
  REQUIRE(decoded.summary.problem);
  CHECK(decoded.summary.problem->code == ErrorCode::provider_malformed);
}

TEST_CASE("any bytes of an Anthropic stream cut anywhere are survived, and pieces change nothing") {
  std::vector<std::string> seeds;
  for (const auto& habit : tests::habits_of(llm::WireFormat::anthropic))
    seeds.push_back(habit.body);
  tests::Mutations mutations(seeds);
  for (int round = 0; round < tests::kMutationRounds / 10; ++round) {
    const std::string body = mutations.next();
    const auto whole = decode(body);
    CAPTURE(body);
    CHECK(tests::is_same(whole, decode(body, 1 + mutations.below(40))));
    CHECK(whole.summary.complete == !whole.summary.problem.has_value());
  }
}
