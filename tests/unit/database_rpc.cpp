#include "shared/database/rpc.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;
using fabula::database::problem_of_answer;
using fabula::database::rpc_head;

TEST_CASE("an opaque secret key travels in apikey alone") {
  CHECK(rpc_head("http://db/rest/v1", "sb_secret_x", "begin_turn") ==
        "POST http://db/rest/v1/rpc/begin_turn\ncontent-type: application/json\n"
        "accept: application/json\napikey: sb_secret_x\n");
}

TEST_CASE("a service_role token of the older kind is the bearer as well") {
  const auto head = rpc_head("http://db/rest/v1", "eyJhbGciOi.x.y", "begin_turn");
  CHECK(head->find("authorization: Bearer eyJhbGciOi.x.y\n") != std::string::npos);
}

TEST_CASE("a refusal raised in SQL keeps its code, its words and its waiting time") {
  const auto problem = problem_of_answer(
      409, R"({"code":"PT409","message":"Wait.","details":"turn_in_progress","hint":"7"})");
  CHECK(problem.code == ErrorCode::turn_in_progress);
  CHECK(problem.detail == "Wait.");
  CHECK(problem.retry_after_s == 7);
  CHECK(problem.cause.empty());
}

TEST_CASE("a refusal raised in SQL may carry members beside its words") {
  const auto hinted = [](const std::string& hint) {
    return problem_of_answer(
        429,
        R"({"code":"PT429","message":"Wait.","details":"plan_exceeded","hint":")" + hint + "\"}");
  };
  const auto problem = hinted(
      R"({\"members\":{\"limit\":{\"calls\":3},\"resets_at\":\"then\"},\"retry_after_s\":9999999})");
  CHECK(problem.code == ErrorCode::plan_exceeded);
  CHECK(problem.retry_after_s == 31 * 86'400);
  CHECK(problem.limit == 0);
  const auto limited = hinted(R"({\"retry_after_s\":9,\"limit\":60,\"remaining\":3})");
  CHECK(limited.retry_after_s == 9);
  CHECK(limited.limit == 60);
  CHECK(limited.remaining == 3);
  CHECK(hinted(R"({\"limit\":null})").limit == 0);
  REQUIRE(problem.members.size() == 2);
  CHECK(problem.members[0].name == "limit");
  CHECK(problem.members[0].json == R"({"calls":3})");
  CHECK(problem.members[1].json == R"("then")");
  for (const auto* other :
       {"{", R"({\"members\":7})", R"({\"retry_after_s\":\"x\"})", "{}", "soon"}) {
    const auto plain = hinted(other);
    CHECK(plain.code == ErrorCode::plan_exceeded);
    CHECK(plain.members.empty());
    CHECK(plain.retry_after_s == 0);
  }
}

TEST_CASE("what the database says of itself reaches the log and not the caller") {
  for (const auto* body : {R"({"code":"42883","message":"function secret() does not exist"})",
                           R"({"code":"PT404","message":"secret","details":"no such code"})"}) {
    const auto problem = problem_of_answer(404, body);
    CHECK(problem.code == ErrorCode::internal_error);
    CHECK(problem.detail.find("secret") == std::string::npos);
    CHECK(problem.cause.find("secret") != std::string::npos);
  }
}

TEST_CASE("rows that an error quotes, and bodies that are no error object, are not logged") {
  for (const auto* body :
       {R"j({"code":"23514","message":"check","details":"Failing row contains (Once upon a)"})j",
        "<html>Once upon a time</html>", ""}) {
    const auto problem = problem_of_answer(500, body);
    CHECK(problem.cause.find("Once") == std::string::npos);
    CHECK(problem.cause.starts_with("database answered 500"));
  }
}

TEST_CASE("faults that pass by themselves are told apart") {
  CHECK(problem_of_answer(500, R"({"code":"40P01","message":"deadlock detected"})").code ==
        ErrorCode::database_unavailable);
  CHECK(problem_of_answer(503, "").code == ErrorCode::database_unavailable);
  CHECK(problem_of_answer(504, R"({"code":"PGRST003"})").code == ErrorCode::database_unavailable);
  CHECK(problem_of_answer(500, R"({"code":"XX000"})").code == ErrorCode::internal_error);
}

TEST_CASE("who has waited for a lock too long may come again soon") {
  const auto problem = problem_of_answer(
      500, R"({"code":"55P03","message":"canceling statement due to lock timeout"})");
  CHECK(problem.code == ErrorCode::database_unavailable);
  CHECK(problem.retry_after_s == 2);
}
