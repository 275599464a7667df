#include "shared/http/problem_response.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"

using namespace fabula;

TEST_CASE("a problem becomes its status and an RFC 9457 body") {
  Problem problem(ErrorCode::invalid_request, "Two fields are wrong.", "secret cause");
  problem.errors = {{"text", "Send a text."}, {"attachments[0].url", "Send a URL."}};
  const auto response = http::problem_response(problem, "/functions/v1/chat");
  CHECK(response.head.status == 422);
  CHECK(response.head.headers.find("content-type") == "application/problem+json");
  CHECK(response.head.headers.find("cache-control") == "no-store");
  CHECK_FALSE(response.head.headers.find("retry-after"));
  CHECK_FALSE(response.head.headers.find("www-authenticate"));
  const auto body = json::parse(response.body);
  REQUIRE(body);
  CHECK(*body == json::Document{
                     {"type", "urn:fabula:problem:invalid_request"},
                     {"title", "Invalid request"},
                     {"status", 422},
                     {"detail", "Two fields are wrong."},
                     {"instance", "/functions/v1/chat"},
                     {"code", "invalid_request"},
                     {"errors",
                      {{{"path", "text"}, {"message", "Send a text."}},
                       {{"path", "attachments[0].url"}, {"message", "Send a URL."}}}},
                 });
}

TEST_CASE("the cause never reaches the client, and empty members are left out") {
  const auto response = http::problem_response({ErrorCode::internal_error, "", "cause"}, "");
  CHECK(response.head.status == 500);
  CHECK(response.body.find("cause") == std::string::npos);
  const auto body = json::parse(response.body);
  REQUIRE(body);
  CHECK(json::find(*body, "detail") == nullptr);
  CHECK(json::find(*body, "instance") == nullptr);
  CHECK(json::find(*body, "errors") == nullptr);
}

TEST_CASE("a known time to wait is told") {
  Problem problem(ErrorCode::rate_limited, "Slow down.", "");
  problem.retry_after_s = 17;
  const auto response = http::problem_response(problem, "");
  CHECK(response.head.status == 429);
  CHECK(response.head.headers.find("retry-after") == "17");
}

TEST_CASE("a limit that is reached is told, with what is left of it") {
  Problem problem(ErrorCode::plan_exceeded, "Nothing is left.", "");
  problem.retry_after_s = 17;
  problem.limit = 60;
  problem.remaining = 3;
  const auto response = http::problem_response(problem, "");
  CHECK(response.head.headers.find("ratelimit-limit") == "60");
  CHECK(response.head.headers.find("ratelimit-remaining") == "3");
  CHECK(response.head.headers.find("ratelimit-reset") == "17");
  const auto plain = http::problem_response(Problem(ErrorCode::not_found, "No.", ""), "");
  CHECK_FALSE(plain.head.headers.find("ratelimit-limit"));
}

TEST_CASE("a problem's own members stand beside the others") {
  Problem problem(ErrorCode::plan_exceeded, "Nothing is left.", "");
  problem.members = {{"limit", R"({"calls":3})"}, {"resets_at", R"("then")"}};
  const auto response = http::problem_response(problem, "");
  CHECK(response.head.status == 429);
  const auto body = json::parse(response.body);
  REQUIRE(body);
  CHECK(*body == json::Document{
                     {"type", "urn:fabula:problem:plan_exceeded"},
                     {"title", "Plan exceeded"},
                     {"status", 429},
                     {"detail", "Nothing is left."},
                     {"code", "plan_exceeded"},
                     {"limit", {{"calls", 3}}},
                     {"resets_at", "then"},
                 });
}

TEST_CASE("a 401 says how to authenticate, and whether the token was at fault") {
  const auto challenge = [](ErrorCode code) {
    const auto response = http::problem_response({code, "", ""}, "");
    CHECK(response.head.status == 401);
    return std::string(response.head.headers.find("www-authenticate").value_or(""));
  };
  CHECK(challenge(ErrorCode::missing_credentials) == "Bearer");
  CHECK(challenge(ErrorCode::invalid_token) == "Bearer error=\"invalid_token\"");
  CHECK(challenge(ErrorCode::token_expired) == "Bearer error=\"invalid_token\"");
}

TEST_CASE("the answer to any problem can be sent, even with text that is not UTF-8") {
  for (int i = 0; i <= static_cast<int>(ErrorCode::time_limit); ++i) {
    Problem problem(static_cast<ErrorCode>(i), "bad \xFF\n", "");
    problem.errors = {{"\xFE", "\r"}};
    problem.retry_after_s = 1;
    const auto response = http::problem_response(problem, "\xFD");
    CHECK(http::serialize(response.head));
    CHECK(json::parse(response.body));
  }
}
