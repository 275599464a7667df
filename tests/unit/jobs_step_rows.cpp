#include <doctest/doctest.h>

#include <array>

#include "shared/database/job.hpp"

using namespace fabula;

namespace {

jobs::ClaimedStep claimed() {
  return {"j", 2, "l", "session_summary", *json::parse(R"({"user_id":"u","project_id":null})")};
}

const std::array kCalls{usage::ModelCall{.provider = "local",
                                         .model = "m",
                                         .status = turn::Status::complete,
                                         .started_at_ms = 1000,
                                         .latency_ms = 50,
                                         .usage = llm::Usage{3, 4, 1, 2, 5, 0.25}}};
constexpr std::string_view kCallsJson =
    R"("calls":[{"provider":"local","model":"m","status":"complete","started_at":1000,)"
    R"("latency_ms":50,"input_tokens":3,"cached_tokens":2,"cache_write_tokens":5,"output_tokens":4,)"
    R"("reasoning_tokens":1,"cost_usd":0.25,"round":1}])";

const std::string kLease = R"({"job_id":"j","step":2,"lease_token":"l",)";

}  // namespace

TEST_CASE("claim_step is asked for kinds, and gives a step with its work or none") {
  const std::array<std::string_view, 2> kinds{"a", "b"};
  CHECK(database::kClaimStep.request({.kinds = kinds, .lease_seconds = 75}) ==
        R"({"kinds":["a","b"],"lease_seconds":75})");
  CHECK(database::kClaimStep.request(
            {.kinds = {},
             .lease_seconds = 75,
             .filter = {.job_id = "j", .session_id = "s", .is_idle = true}}) ==
        R"({"kinds":[],"lease_seconds":75,"job_id":"j","session_id":"s","is_idle":true})");
  const auto none = database::kClaimStep.answer(R"({"step":null})");
  REQUIRE(none);
  CHECK_FALSE(none->step);
  const auto some = database::kClaimStep.answer(
      R"({"step":{"job_id":"j","step":3,"kind":"k","lease_token":"l","messages":[1]}})");
  REQUIRE(some);
  REQUIRE(some->step);
  CHECK(some->step->job_id == "j");
  CHECK(some->step->step == 3);
  CHECK(some->step->lease_token == "l");
  CHECK(some->step->kind == "k");
  CHECK(some->step->work["messages"].size() == 1);
}

TEST_CASE("what is no answer of claim_step is a fault of ours") {
  for (const char* answer :
       {"", "null", "[]", "{}", R"({"step":{"job_id":"j","step":1,"kind":"k"}})",
        R"({"step":{"job_id":"j","kind":"k","lease_token":"l"}})",
        R"({"step":{"job_id":1,"step":1,"kind":"k","lease_token":"l"}})"}) {
    CAPTURE(answer);
    const auto claim = database::kClaimStep.answer(answer);
    REQUIRE_FALSE(claim);
    CHECK(claim.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("a result comes with the calls that it took, a failure with its reason and a pause") {
  const auto step = claimed();
  CHECK(database::kCommitStep.request(
            {.step = step, .result_json = R"({"summary":"A \"fox\""})", .calls = kCalls}) ==
        kLease + std::string(kCallsJson) + R"(,"result":{"summary":"A \"fox\""}})");
  CHECK(database::kCommitStep.request(
            {.step = step,
             .progress = {.percent = 40, .message = "On.", .next_steps = R"([{"a":1}])"}}) ==
        kLease + R"("progress":40,"message":"On.","next_steps":[{"a":1}],"result":{}})");
  Problem problem(ErrorCode::provider_error, "For people.", "status 500");
  CHECK(database::kFailStep.request({.step = step, .problem = problem}) ==
        kLease + R"("error":"provider_error: For people."})");
  problem.retry_after_s = 30;
  problem.cause.clear();
  CHECK(database::kFailStep.request({.step = step, .problem = problem, .calls = kCalls}) ==
        kLease + R"("error":"provider_error: For people.","retry_after_seconds":30,)" +
            std::string(kCallsJson) + "}");
}

TEST_CASE("a report says how far it is, and calls that nobody was told of say whose they were") {
  const auto step = claimed();
  CHECK(database::kReportStep.request(
            {.step = step, .lease_seconds = 60, .progress = {.generation_id = "g"}}) ==
        kLease + R"("lease_seconds":60,"generation_id":"g"})");
  CHECK(database::kRecordModelCalls.request({.step = step, .calls = kCalls}) ==
        kLease + R"("kind":"session_summary","user_id":"u",)" + std::string(kCallsJson) + "}");
}
