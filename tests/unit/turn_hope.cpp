#include "shared/turn/hope.hpp"

#include <doctest/doctest.h>

using namespace fabula;

namespace {

Problem failure(ErrorCode code, int retry_after_s = 0) {
  Problem problem(code, "No.", {});
  problem.retry_after_s = retry_after_s;
  return problem;
}

}  // namespace

TEST_CASE("a failure that may pass is told before one that will not, whichever comes last") {
  const auto passing = failure(ErrorCode::provider_error);
  const auto lasting = failure(ErrorCode::provider_refused_request);
  CHECK(turn::is_as_hopeful(passing, lasting));
  CHECK_FALSE(turn::is_as_hopeful(lasting, passing));
  CHECK(turn::is_as_hopeful(lasting, lasting));
}

TEST_CASE("of failures that may pass the one that passes first is told") {
  const auto now = failure(ErrorCode::provider_error);
  const auto soon = failure(ErrorCode::provider_rate_limited, 5);
  const auto late = failure(ErrorCode::provider_rate_limited, 600);
  CHECK(turn::is_as_hopeful(now, soon));
  CHECK_FALSE(turn::is_as_hopeful(late, soon));
  CHECK(turn::is_as_hopeful(soon, late));
  CHECK(turn::is_as_hopeful(late, late));
}

TEST_CASE("that the time is over says the least") {
  const auto over = failure(ErrorCode::time_limit);
  CHECK_FALSE(turn::is_as_hopeful(over, failure(ErrorCode::provider_error)));
  CHECK(turn::is_as_hopeful(failure(ErrorCode::provider_refused_request), over));
}
