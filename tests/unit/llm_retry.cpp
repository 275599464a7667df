#include "shared/llm/route/retry.hpp"

#include <doctest/doctest.h>

#include "shared/llm/stream/failure.hpp"

using namespace fabula;
using llm::RetryPlan;

namespace {

constexpr std::int64_t kMinuteMs = 60'000;

Problem failure(ErrorCode code, int retry_after_s = 0) {
  Problem problem(code, "", "");
  problem.retry_after_s = retry_after_s;
  return problem;
}

}  // namespace

TEST_CASE("what may pass is tried twice with each model, the second time after a pause") {
  for (const auto code : {ErrorCode::provider_error, ErrorCode::provider_rate_limited,
                          ErrorCode::provider_malformed, ErrorCode::provider_incomplete}) {
    RetryPlan plan(2);
    for (const std::size_t model : {0u, 1u}) {
      CHECK(plan.model() == model);
      const auto pause_ms = plan.wait_after(failure(code), kMinuteMs, 77);
      REQUIRE(pause_ms);
      CHECK(*pause_ms >= 250);
      CHECK(*pause_ms <= 750);
      CHECK(plan.model() == model);
      const auto next = plan.wait_after(failure(code), kMinuteMs, 77);
      CHECK(next == (model == 0 ? std::optional<std::int64_t>(0) : std::nullopt));
    }
  }
}

TEST_CASE("what will not pass, and silence, lead to the next model at once") {
  for (const auto code : {ErrorCode::provider_unauthorized, ErrorCode::provider_refused_request,
                          ErrorCode::provider_timeout, ErrorCode::no_provider}) {
    RetryPlan plan(2);
    CHECK(plan.wait_after(failure(code), kMinuteMs, 0) == 0);
    CHECK(plan.model() == 1);
    CHECK_FALSE(plan.wait_after(failure(code), kMinuteMs, 0));
  }
}

TEST_CASE("pauses differ by chance") {
  const auto pause_ms = [](std::uint32_t random) {
    return RetryPlan(1).wait_after(failure(ErrorCode::provider_error), kMinuteMs, random);
  };
  CHECK(pause_ms(0) == 250);
  CHECK(pause_ms(499) == 749);
  CHECK(pause_ms(4'294'967'295u) != pause_ms(0));
}

TEST_CASE("Retry-After is waited for up to ten seconds, else the next model is asked") {
  RetryPlan plan(2);
  CHECK(plan.wait_after(failure(ErrorCode::provider_rate_limited, 10), kMinuteMs, 0) == 10'250);
  CHECK(plan.model() == 0);
  RetryPlan longer(2);
  CHECK(longer.wait_after(failure(ErrorCode::provider_rate_limited, 11), kMinuteMs, 0) == 0);
  CHECK(longer.model() == 1);
  CHECK_FALSE(RetryPlan(1).wait_after(failure(ErrorCode::provider_error, 11), kMinuteMs, 0));
}

TEST_CASE("a pause that the reply's time does not hold is not made") {
  RetryPlan plan(2);
  CHECK(plan.wait_after(failure(ErrorCode::provider_rate_limited, 8), 8'000, 0) == 0);
  CHECK(plan.model() == 1);
  CHECK_FALSE(plan.wait_after(failure(ErrorCode::provider_error), 200, 0));
  RetryPlan late(3);
  CHECK_FALSE(late.wait_after(failure(ErrorCode::time_limit), 0, 0));
}

TEST_CASE("which statuses may pass") {
  for (const int status : {408, 409, 425, 429, 500, 502, 503, 504, 529}) {
    CAPTURE(status);
    CHECK(*RetryPlan(2).wait_after(llm::classify_http_failure(status, ""), kMinuteMs, 0) > 0);
  }
  for (const int status : {302, 400, 401, 402, 403, 404, 405, 413, 415, 422}) {
    CAPTURE(status);
    CHECK(RetryPlan(2).wait_after(llm::classify_http_failure(status, ""), kMinuteMs, 0) == 0);
  }
}

TEST_CASE("a model that has answered and not done what was asked is skipped, while there is time") {
  RetryPlan plan(3);
  CHECK(plan.wait_after(failure(ErrorCode::provider_error), kMinuteMs, 1));
  CHECK(plan.skip_model(kMinuteMs) == 0);
  CHECK(plan.model() == 1);
  CHECK(plan.wait_after(failure(ErrorCode::provider_error), kMinuteMs, 1) > 0);
  CHECK_FALSE(plan.skip_model(0));
  CHECK(plan.skip_model(1) == 0);
  CHECK_FALSE(plan.skip_model(kMinuteMs));
  CHECK(plan.model() == 2);
}
