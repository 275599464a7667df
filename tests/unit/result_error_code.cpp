#include "shared/result/error_code.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace fabula;

TEST_CASE("every code has facts, and its name leads back to it") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::time_limit); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const auto& about = facts(code);
    CHECK(about.code == code);
    CHECK(error_code_named(about.name) == code);
    CHECK_FALSE(about.title.empty());
    CHECK(about.status >= 400);
    CHECK(about.status < 600);
    CHECK(names.insert(about.name).second);
  }
  CHECK_FALSE(error_code_named("no_such_code"));
  CHECK_FALSE(error_code_named(""));
}

TEST_CASE("statuses are those of the design") {
  CHECK(facts(ErrorCode::malformed_json).status == 400);
  CHECK(facts(ErrorCode::token_expired).status == 401);
  CHECK(facts(ErrorCode::forbidden).status == 403);
  CHECK(facts(ErrorCode::not_found).status == 404);
  CHECK(facts(ErrorCode::turn_in_progress).status == 409);
  CHECK(facts(ErrorCode::body_too_large).status == 413);
  CHECK(facts(ErrorCode::invalid_request).status == 422);
  CHECK(facts(ErrorCode::rate_limited).status == 429);
  CHECK(facts(ErrorCode::plan_exceeded).status == 429);
  CHECK(facts(ErrorCode::provider_error).status == 502);
  CHECK(facts(ErrorCode::database_unavailable).status == 503);
  CHECK(facts(ErrorCode::provider_timeout).status == 504);
}
