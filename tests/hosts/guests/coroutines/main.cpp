// A guest on the real runtime: tests coroutines and the core inside WebAssembly.
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/json/document.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/entry.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"

namespace {

using namespace fabula;
using namespace fabula::runtime;

constexpr std::size_t kBodyLimitBytes = std::size_t{8} << 20;
constexpr std::int64_t kLongestBodyMs = 60'000;

Task<Result<int>> ready(int number) { co_return number; }

Task<void> tick(Context& context, std::uint32_t duration_ms) {
  co_await Timer(context, duration_ms);
}

Task<Result<std::string>> await_a_million_times() {
  std::int64_t sum = 0;
  for (int i = 0; i < 1'000'000; ++i) sum += co_await ready(i);
  co_return std::to_string(sum);
}

// Thousands of frames deep, all suspended at once and resumed from the bottom.
Task<Result<int>> nest(Context& context, int depth) {
  if (depth == 0) {
    co_await Timer(context, 1);
    co_return 0;
  }
  const int below = co_await nest(context, depth - 1);
  co_return below + 1;
}

Task<Result<std::string>> race_timers(Context& context) {
  int wins = 0;
  for (int i = 0; i < 200; ++i) {
    const auto first = co_await when_any(tick(context, 60'000), tick(context, 0));
    wins += first.index() == 1 ? 1 : 0;
  }
  co_return std::to_string(wins);
}

Task<Result<std::string>> parse_body(Context& context) {
  Deadline deadline(context, kLongestBodyMs);
  const auto body =
      co_await read_whole(context, kRequestBody, kBodyLimitBytes, deadline, kLongestBodyMs);
  if (!body) co_return "unreadable";
  const auto document = json::parse(*body);
  co_return document ? json::dump(*document) : std::string(facts(document.error().code).name);
}

// A body that must come within a second, and without a break of 300 ms.
Task<Result<std::string>> read_impatiently(Context& context) {
  constexpr std::int64_t kWholeMs = 1'000;
  constexpr std::int64_t kSilenceMs = 300;
  Deadline deadline(context, kWholeMs);
  const auto body =
      co_await read_whole(context, kRequestBody, kBodyLimitBytes, deadline, kSilenceMs);
  if (body) co_return std::to_string(body->size());
  co_return body.error() == BodyFault::too_slow ? "too slow" : "broken";
}

// The request's body echoed while memory grows between its reads.
Task<Result<std::string>> grow_between_reads(Context& context) {
  std::vector<std::string> ballast;
  std::string echoed;
  std::array<char, 1000> buffer{};
  for (;;) {
    BodyRead read(context, kRequestBody, buffer);
    ballast.emplace_back(100'000, 'x');
    const Outcome outcome = co_await read;
    if (!outcome.is_ok() || outcome.value == 0) break;
    echoed.append(buffer.data(), outcome.value);
  }
  co_return echoed;
}

constexpr std::string_view kConstant = "a constant";

// Its frame lies where the frame of a caller that was left by a tail call lay.
[[gnu::noinline]] std::string copied(const std::string& before, std::string_view text) {
  std::array<char, 256> frame{};
  before.copy(frame.data(), frame.size());
  return std::string(frame.data()) + std::string(text);
}

[[gnu::noinline]] std::string pass_constant(const std::string& before) {
  return copied(before, kConstant);
}

Task<Result<std::string>> exhaust_memory() {
  std::vector<std::string> ballast;
  for (;;) ballast.emplace_back(1'000'000, 'x');
  co_return std::to_string(ballast.size());
}

Task<Result<std::string>> run(Context& context, std::string_view head) {
  const auto asked = [head](std::string_view name) {
    return head.substr(0, head.find('\n')).ends_with(name);
  };
  if (asked("/million")) co_return co_await await_a_million_times();
  if (asked("/nested")) co_return std::to_string(co_await nest(context, 5'000));
  if (asked("/races")) co_return co_await race_timers(context);
  if (asked("/json")) co_return co_await parse_body(context);
  if (asked("/impatient")) co_return co_await read_impatiently(context);
  if (asked("/constant")) co_return pass_constant("It is ");
  if (asked("/grow")) co_return co_await grow_between_reads(context);
  if (asked("/memory")) co_return co_await exhaust_memory();
  if (asked("/abort")) std::abort();
  co_return problem(ErrorCode::not_found, "no such command");
}

Task<void> handle(Context& context) {
  const auto head = request_head(context);
  auto result = co_await run(context, head);
  start_response(context, result ? "200\n" : "404\n");
  if (result && !result->empty()) co_await ResponseWrite(context, *result);
  end_response(context);
}

}  // namespace

FABULA_FUNCTION(handle)
