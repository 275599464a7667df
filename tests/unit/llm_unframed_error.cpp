#include "shared/llm/stream/unframed_error.hpp"

#include <doctest/doctest.h>

using namespace fabula;
using llm::unframed_error;

TEST_CASE("errors are found in what an event stream's reader ignores") {
  const auto code = [](std::string_view text) {
    const auto problem = unframed_error(text, true);
    REQUIRE(problem);
    return problem->code;
  };
  CHECK(code(R"({"error":{"code":429}})") == ErrorCode::provider_rate_limited);
  CHECK(code("{\n  \"error\": {\n  \"code\": 400\n  }\n}") == ErrorCode::provider_refused_request);
  CHECK(code(R"(error: {"code":400,"message":"too long"})") == ErrorCode::provider_refused_request);
  CHECK(code("[{\"error\":{\"code\":401}}\n]") == ErrorCode::provider_unauthorized);
  CHECK(code(R"({"detail":"no"})") == ErrorCode::provider_error);
}

TEST_CASE("other text is a problem when there is no event at all") {
  for (const auto* const text : {"<html>", "}{", "{", R"({"error":null})", R"({"choices":[]})"}) {
    CAPTURE(text);
    CHECK_FALSE(unframed_error(text, true));
    REQUIRE(unframed_error(text, false));
    CHECK(unframed_error(text, false)->code == ErrorCode::provider_malformed);
  }
  CHECK_FALSE(unframed_error("", false));
}
