#include "shared/database/job.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace fabula;

namespace {

const jobs::ClaimedJob kJob{"t", "l", "session_summary", {}};

}  // namespace

TEST_CASE("claim_task is asked for kinds, and gives a job with its work or none") {
  const std::array<std::string_view, 2> kinds{"a", "b"};
  CHECK(database::kClaimTask.request({kinds, 75}) == R"({"kinds":["a","b"],"lease_seconds":75})");
  const auto none = database::kClaimTask.answer(R"({"task":null})");
  REQUIRE(none);
  CHECK_FALSE(none->job);
  const auto claimed = database::kClaimTask.answer(
      R"({"task":{"task_id":"t","kind":"k","lease_token":"l","messages":[1]}})");
  REQUIRE(claimed);
  REQUIRE(claimed->job);
  CHECK(claimed->job->task_id == "t");
  CHECK(claimed->job->lease_token == "l");
  CHECK(claimed->job->kind == "k");
  CHECK(claimed->job->work["messages"].size() == 1);
}

TEST_CASE("what is no answer of claim_task is a fault of ours") {
  for (const char* answer : {"", "null", "[]", "{}", R"({"task":{"task_id":"t","kind":"k"}})",
                             R"({"task":{"task_id":1,"kind":"k","lease_token":"l"}})"}) {
    CAPTURE(answer);
    const auto claimed = database::kClaimTask.answer(answer);
    REQUIRE_FALSE(claimed);
    CHECK(claimed.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("a result says who has made it, a failure why and when to try again") {
  CHECK(
      database::kCommitTask.request(
          {kJob, {"local", "m", llm::Usage{3, 4}, 2, "summary-1"}, "A \"fox\""}) ==
      R"({"task_id":"t","lease_token":"l","result":{"provider":"local","model":"m","attempts":2,)"
      R"("usage":{"input_tokens":3,"output_tokens":4},"prompt":"summary-1","summary":"A \"fox\""}})");
  CHECK(database::kCommitTask.request({kJob, {"local", "m", {}, 1, {}}}) ==
        R"({"task_id":"t","lease_token":"l",)"
        R"("result":{"provider":"local","model":"m","attempts":1,"usage":null}})");
  Problem problem(ErrorCode::provider_error, "For people.", "status 500");
  CHECK(database::kFailTask.request({kJob, problem}) ==
        R"({"task_id":"t","lease_token":"l","error":"provider_error: status 500"})");
  problem.retry_after_s = 30;
  problem.cause.clear();
  CHECK(database::kFailTask.request({kJob, problem}) ==
        R"({"task_id":"t","lease_token":"l","error":"provider_error","retry_after_seconds":30})");
}
