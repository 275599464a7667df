#include "shared/llm/stream/openai_stream.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/mutations.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;
using llm::FinishReason;

namespace {

tests::Decoded decode(std::string_view body) {
  auto decoded = tests::decode_openai(body);
  const auto again = tests::decode_openai(body, 1);
  CHECK(tests::is_same(decoded, again));
  return decoded;
}

std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

std::string delta(std::string_view members) {
  return event(R"({"choices":[{"index":0,"delta":{)" + std::string(members) + "}}]}");
}

const std::string kStop = event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
const std::string kDone = "data: [DONE]\n\n";

void check_failed(const tests::Decoded& decoded, ErrorCode code, std::string_view text) {
  CHECK(decoded.text == text);
  CHECK_FALSE(decoded.summary.complete);
  REQUIRE(decoded.summary.problem);
  CHECK(facts(decoded.summary.problem->code).name == facts(code).name);
}

}  // namespace

TEST_CASE("either a finish_reason or [DONE] is the end") {
  const auto both = decode(delta(R"("content":"a")") + kStop + kDone);
  CHECK(both.summary.complete);
  CHECK(both.summary.finish_reason == FinishReason::stop);

  const auto only_reason = decode(delta(R"("content":"a")") + kStop);
  CHECK(only_reason.summary.complete);

  const auto only_done = decode(delta(R"("content":"a")") + kDone);
  CHECK(only_done.summary.complete);
  CHECK(only_done.summary.finish_reason == FinishReason::none);

  check_failed(decode(delta(R"("content":"a")")), ErrorCode::provider_incomplete, "a");
  check_failed(decode(""), ErrorCode::provider_incomplete, "");
  check_failed(decode(": keep-alive\n\n"), ErrorCode::provider_incomplete, "");
}

TEST_CASE("a last block without its blank line is discarded") {
  check_failed(decode(delta(R"("content":"a")") + "data: [DONE]\n"), ErrorCode::provider_incomplete,
               "a");
  CHECK(decode(kStop + "data: [DONE]").summary.complete);
}

TEST_CASE("nothing after [DONE] is read, and [DONE] may have more behind it") {
  const auto decoded =
      decode(delta(R"("content":"a")") + "data: [DONE] bye\n\n" + delta(R"("content":"b")"));
  CHECK(decoded.text == "a");
  CHECK(decoded.summary.complete);
  llm::OpenAiStream stream;
  tests::CollectingSink sink;
  stream.feed("data: [DO", sink);
  CHECK_FALSE(stream.ended());
  stream.feed("NE]\n\n", sink);
  CHECK(stream.ended());
}

TEST_CASE("the first of several finish reasons counts, and text beside it is kept") {
  const auto decoded = decode(
      event(R"({"choices":[{"delta":{"content":"a"},"finish_reason":"length"}]})") + kStop + kDone);
  CHECK(decoded.text == "a");
  CHECK(decoded.summary.finish_reason == FinishReason::length);
  CHECK(decoded.summary.complete);
}

TEST_CASE("finish reasons have one name each, whatever the provider's word") {
  const auto reason = [](std::string_view word) {
    return decode(
               event(R"({"choices":[{"delta":{},"finish_reason":")" + std::string(word) + "\"}]}"))
        .summary.finish_reason;
  };
  CHECK(reason("stop") == FinishReason::stop);
  CHECK(reason("max_tokens") == FinishReason::length);
  CHECK(reason("function_call") == FinishReason::tool_calls);
  CHECK(reason("content_filter") == FinishReason::content_filter);
  CHECK(reason("eos") == FinishReason::other);
  CHECK(reason("") == FinishReason::none);
}

TEST_CASE("usage is taken from wherever the provider puts it, the last one") {
  const std::string usage = R"("usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8,)"
                            R"("prompt_tokens_details":{"cached_tokens":2},)"
                            R"("completion_tokens_details":{"reasoning_tokens":1}})";
  const llm::Usage expected{3, 5, 1, 2};
  CHECK(decode(kStop + event(R"({"choices":[],)" + usage + "}")).summary.usage == expected);
  CHECK(decode(kStop + event("{" + usage + "}")).summary.usage == expected);
  CHECK(decode(event(R"({"choices":[{"delta":{},"finish_reason":"stop"}],)" + usage + "}"))
            .summary.usage == expected);
  CHECK(decode(event(R"({"choices":[{"delta":{},"finish_reason":"stop",)" + usage + "}]}"))
            .summary.usage == expected);
  CHECK(
      decode(kStop + event(R"({"choices":[],"x_groq":{"id":"r",)" + usage + "}}")).summary.usage ==
      expected);
  CHECK(decode(event(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})") +
               event("{" + usage + "}") + event(R"({"choices":[],"usage":null})"))
            .summary.usage == expected);
  CHECK_FALSE(decode(kStop + event(R"({"choices":[],"usage":{"total_tokens":8}})")).summary.usage);
}

TEST_CASE("what the provider says that an answer costs is kept with its usage") {
  const auto cost = [](std::string_view member) {
    const auto usage = decode(kStop + event(R"({"choices":[],"usage":{"prompt_tokens":3,)" +
                                            std::string(member) + R"("completion_tokens":5}})"))
                           .summary.usage;
    REQUIRE(usage);
    CHECK(usage->input_tokens == 3);
    CHECK(usage->output_tokens == 5);
    return usage->cost_usd;
  };
  CHECK(cost(R"("cost":0.00014,)") == 0.00014);
  CHECK(cost(R"("cost":2,"is_byok":false,)") == 2.0);
  CHECK(cost(R"("cost":0,)") == 0.0);
  for (const char* none : {"", R"("cost":null,)", R"("cost":"2",)", R"("cost":-1,)"}) {
    CAPTURE(none);
    CHECK_FALSE(cost(none));
  }
}

TEST_CASE("an error anywhere means not complete, and keeps the text") {
  const std::string text = delta(R"("content":"a")");
  const std::string error = R"({"error":{"message":"boom","type":"server_error","code":500}})";
  check_failed(decode(text + event(error)), ErrorCode::provider_error, "a");
  check_failed(decode(text + event(error) + kDone), ErrorCode::provider_error, "a");
  check_failed(decode(text + kStop + event(error) + kDone), ErrorCode::provider_error, "a");
  check_failed(decode(text + "event: error\n" + event(error)), ErrorCode::provider_error, "a");
  check_failed(decode(text + "event: error\n" + event(R"({"failed_generation":"x"})") + kDone),
               ErrorCode::provider_error, "a");
  check_failed(decode(event(R"({"error":"just words","choices":[{"delta":{"content":"a"}}]})")),
               ErrorCode::provider_error, "a");
  check_failed(
      decode(text + event(R"({"choices":[{"delta":{},"error":{"code":429,"message":"slow"}}]})")),
      ErrorCode::provider_rate_limited, "a");
  check_failed(decode(text + event(R"({"object":"error","message":"bad","code":400})")),
               ErrorCode::provider_refused_request, "a");
  check_failed(decode(text + event(R"({"detail":"bad"})") + kDone), ErrorCode::provider_error, "a");
  check_failed(
      decode(text + event(R"({"choices":[{"delta":{"content":""},"finish_reason":"error"}]})")),
      ErrorCode::provider_error, "a");
}

TEST_CASE("members that say there is no error are none") {
  for (const std::string_view none : {"null", "false", "\"\"", "0"}) {
    CAPTURE(none);
    const auto decoded = decode(
        event(R"({"error":)" + std::string(none) +
              R"(,"choices":[{"delta":{"content":"a"},"finish_reason":"stop","error":null}]})"));
    CHECK(decoded.summary.complete);
    CHECK(decoded.text == "a");
  }
}

TEST_CASE("an error that is framed as no event is found") {
  const std::string text = delta(R"("content":"a")");
  check_failed(decode(R"({"error":{"message":"no key","code":401}})"),
               ErrorCode::provider_unauthorized, "");
  check_failed(decode("{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"slow\"\n  }\n}\n"),
               ErrorCode::provider_rate_limited, "");
  check_failed(decode(text + R"({"error":{"code":400,"message":"too long"}})"),
               ErrorCode::provider_refused_request, "a");
  // llama.cpp until 2025.
  check_failed(
      decode(text + "error: {\"code\":400,\"message\":\"the request exceeds\"}\n\n" + kDone),
      ErrorCode::provider_refused_request, "a");
}

TEST_CASE("a body that is no event stream is malformed") {
  check_failed(decode("<html>Bad gateway</html>"), ErrorCode::provider_malformed, "");
  check_failed(decode(R"({"object":"chat.completion","choices":[]})"),
               ErrorCode::provider_malformed, "");
}

TEST_CASE("a chunk that cannot be read is malformed, and the text around it kept") {
  const std::string before = delta(R"("content":"a")");
  for (const std::string_view bad :
       {"{", "hello", "{\"choices\":[}", "[1]", "\"x\"", "{\"a\":\"\\x\"}", "1", "null"}) {
    CAPTURE(bad);
    check_failed(decode(before + event(bad) + delta(R"("content":"b")") + kStop + kDone),
                 ErrorCode::provider_malformed, "ab");
  }
  check_failed(decode(event(std::string(10'000, '['))), ErrorCode::provider_malformed, "");
}

TEST_CASE("an endless event is given up") {
  llm::OpenAiStream stream;
  tests::CollectingSink sink;
  const std::string piece(65'536, 'x');
  for (int i = 0; i < 40 && !stream.failed(); ++i) stream.feed(piece, sink);
  CHECK(stream.failed());
  CHECK(stream.finish().problem->code == ErrorCode::provider_malformed);
}

TEST_CASE("choice 0 is the answer") {
  const auto decoded = decode(
      event(R"({"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"length"}]})") +
      event(R"({"choices":[{"delta":{"content":"a"},"index":0}]})") +
      event(
          R"({"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"b"}}]})") +
      kStop);
  CHECK(decoded.text == "ab");
  CHECK(decoded.summary.finish_reason == FinishReason::stop);
}

TEST_CASE("content may be a text, parts, a number or nothing") {
  const auto decoded = decode(
      delta(R"("role":"assistant","content":"","refusal":null)") + delta(R"("content":null)") +
      delta(R"("content":"a")") +
      delta(R"("content":[{"type":"text","text":"b"},{"type":"thinking","thinking":)"
            R"([{"type":"text","text":"hm"}]},{"type":"image_url"},"c"])") +
      delta(R"("content":7)") + delta(R"("content":-1.5)") + delta(R"("content":{"text":"d"})") +
      event(R"({"choices":[{"delta":null}]})") + event(R"({"choices":[{}]})") + event("{}") +
      event("") + event(R"({"choices":null})") + kStop);
  CHECK(decoded.text == "abc7-1.5d");
  CHECK(decoded.reasoning == "hm");
  CHECK(decoded.summary.complete);
}

TEST_CASE("a refusal in words is the reply") {
  const auto decoded =
      decode(delta(R"("refusal":"I cannot ")") + delta(R"("refusal":"do that.")") + kStop);
  CHECK(decoded.text == "I cannot do that.");
}

TEST_CASE("the same thinking in several members counts once") {
  const auto decoded = decode(
      delta(R"("content":null,"reasoning_content":"a")") +
      delta(R"("reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b"}])") +
      delta(R"("reasoning":"c","reasoning_content":"c")") +
      delta(
          R"("reasoning":null,"reasoning_details":[{"type":"reasoning.text","text":"d"},)"
          R"({"type":"reasoning.summary","summary":"e"},{"type":"reasoning.encrypted","data":"x"}])") +
      delta(R"("content":"<think>t</think>")") + kStop);
  CHECK(decoded.reasoning == "abcde");
  CHECK(decoded.text == "<think>t</think>");
}

TEST_CASE("what repeats the text beside delta and unknown members are passed over") {
  const auto decoded = decode(
      event(
          R"({"choices":[{"index":0,"text":"a","token_id":5,"message":{"content":"a"},"delta":{"content":"a",)"
          R"("logprobs":{"content":[{"token":"a","bytes":[97]}]}}}],"obfuscation":"xy","unknown":{"error":1}})") +
      kStop);
  CHECK(decoded.text == "a");
  CHECK(decoded.tool_calls.empty());
  CHECK(decoded.summary.complete);
}

TEST_CASE("escapes are resolved, also of a character whose halves come in two chunks") {
  const auto decoded =
      decode(delta(R"("content":"\"\\\/\n\u00e9\ud83d\ude00")") + delta(R"("content":"x\ud83d")") +
             delta(R"("content":null)") + delta(R"("content":"\ude00y")") +
             delta(R"("content":"\ud83d")") + delta(R"("content":"z\ude00")") +
             delta(R"("content":"\ud83d")") + delta(R"("reasoning":"\ud83d")") +
             delta(R"("content":"\ud83d\ude00")") + delta(R"("reasoning":"\ude00")") +
             delta(R"("content":"end\ud83d")") + kStop);
  CHECK(decoded.text == "\"\\/\né😀x😀y\uFFFDz\uFFFD\uFFFD😀end");
  CHECK(decoded.reasoning == "😀");
  CHECK(decoded.summary.complete);
}

TEST_CASE("blanks around the payload and keys written with escapes are JSON too") {
  const auto decoded = decode(
      "data:   {\"\\u0063hoices\" : [ { \"delta\" : { \"content\" : \"a\" } } ] }  \n\n" + kStop);
  CHECK(decoded.text == "a");
  CHECK(decoded.summary.complete);
}

TEST_CASE("no key or other text of the provider's gets into what clients see") {
  const auto decoded =
      decode(event(R"({"error":{"code":401,"message":"bad key sk-abc123def456"}})"));
  REQUIRE(decoded.summary.problem);
  CHECK(decoded.summary.problem->detail.find("bad key") == std::string::npos);
  CHECK(decoded.summary.problem->cause == "401");
}

TEST_CASE("a call's arguments may be JSON instead of a text of it") {
  const auto decoded = decode(
      delta(R"("tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":[1,null]}}}])") +
      delta(R"("tool_calls":[{"id":"b","function":{"name":"g","arguments":7}},"no",null,{}])") +
      kStop);
  REQUIRE(decoded.tool_calls.size() == 2);
  CHECK(decoded.tool_calls[0].arguments == R"({"x":[1,null]})");
  CHECK(decoded.tool_calls[1].arguments == "7");
  CHECK(decoded.summary.complete);
}

TEST_CASE("a character of a call's arguments may be cut in two, also while calls interleave") {
  const auto piece = [](int index, std::string_view arguments) {
    return delta(R"("tool_calls":[{"index":)" + std::to_string(index) +
                 R"(,"function":{"name":"f","arguments":")" + std::string(arguments) + "\"}}]");
  };
  const auto decoded = decode(piece(0, R"([\"\ud83d)") + piece(1, R"(\ud83d)") +
                              piece(0, R"(\ude00\"])") + piece(1, "x") + kStop);
  REQUIRE(decoded.tool_calls.size() == 2);
  CHECK(decoded.tool_calls[0].arguments == "[\"😀\"]");
  CHECK(decoded.tool_calls[1].arguments == "\uFFFDx");
}

TEST_CASE("a stream of endless calls is malformed, with the first of them kept") {
  std::string body;
  for (int i = 0; i < 300; ++i) {
    body += delta(R"("tool_calls":[{"index":)" + std::to_string(i) +
                  R"(,"id":"c","function":{"name":"f","arguments":"{}"}}])");
  }
  const auto decoded = decode(body + kStop);
  check_failed(decoded, ErrorCode::provider_malformed, "");
  CHECK(decoded.tool_calls.size() == llm::kMaximumToolCalls);
}

TEST_CASE("any bytes cut anywhere are survived, and pieces change nothing") {
  std::vector<std::string> seeds;
  for (const auto recording : {"mistral-text", "xai-text"}) {
    seeds.push_back(tests::framed(tests::payloads(recording), {"\r\n", true, true}));
  }
  seeds.push_back(delta(R"("content":"\ud83d")") + delta(R"("content":"\ude00")") +
                  delta(R"("content":[{"type":"text","text":"b"}])") + kStop + kDone);
  seeds.push_back(
      delta(R"("tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}])") +
      delta(R"("tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":null}}])") +
      delta(
          R"("tool_calls":[{"function":{"arguments":"\ud83d"}},{"index":0,"id":"c","function":{"name":"h","arguments":"}"}}])") +
      delta(R"("function_call":{"name":"f","arguments":"\ude00"})") + kStop);
  tests::Mutations mutations(seeds);
  for (int round = 0; round < tests::kMutationRounds / 10; ++round) {
    const std::string body = mutations.next();
    const auto whole = tests::decode_openai(body);
    const auto cut = tests::decode_openai(body, 1 + mutations.below(40));
    CAPTURE(body);
    CHECK(tests::is_same(whole, cut));
    CHECK(whole.summary.complete == !whole.summary.problem.has_value());
  }
}
