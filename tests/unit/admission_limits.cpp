#include "shared/admission/limits.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;

TEST_CASE("limits are taken by scope and name") {
  const auto limits = admission::check_limits(
      R"( {"guest":{"requests":5,"tokens_a_day":0},"deployment":{"guest_percent":50},)"
      R"("public_bot":{"requests":9,"window_seconds":60}} )");
  REQUIRE(limits);
  CHECK(*limits == R"({"deployment":{"guest_percent":50},"guest":{"requests":5,"tokens_a_day":0},)"
                   R"("public_bot":{"requests":9,"window_seconds":60}})");
  CHECK(admission::check_limits("") == std::string());
  CHECK(admission::check_limits("  ") == std::string());
}

TEST_CASE("a limit that does not exist, or is no natural number, is the operator's fault") {
  for (const auto* setting :
       {"60", "[]", "guest=5", R"({"guest":5})", R"({"guests":{"requests":5}})",
        R"({"guest":{"request":5}})", R"({"public_bot":{"streams":5}})",
        R"({"prefix":{"streams":5}})", R"({"deployment":{"open_jobs":5}})",
        R"({"guest":{"requests":-1}})", R"({"guest":{"requests":"5"}})",
        R"({"guest":{"requests":1.5}})", R"({"guest":{"tokens_a_day":null}})",
        R"({"user":{"requests":1000000000000001}})"}) {
    CAPTURE(setting);
    const auto limits = admission::check_limits(setting);
    REQUIRE_FALSE(limits);
    CHECK(limits.error().code == ErrorCode::internal_error);
    CHECK(limits.error().cause.find("FABULA_LIMITS") != std::string::npos);
  }
}
