#include "shared/llm/stream/failure.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/utf8.hpp"

using namespace fabula;

namespace {

ErrorCode code_of_status(int status) { return llm::classify_http_failure(status, "").code; }

ErrorCode code_of_error(std::string_view json) {
  const auto document = json::parse(json);
  REQUIRE(document);
  return llm::classify_reported_error(*document).code;
}

}  // namespace

TEST_CASE("each status has its code") {
  for (const int status : {401, 403}) {
    CHECK(code_of_status(status) == ErrorCode::provider_unauthorized);
  }
  CHECK(code_of_status(429) == ErrorCode::provider_rate_limited);
  for (const int status : {302, 400, 402, 404, 413, 418, 422}) {
    CHECK(code_of_status(status) == ErrorCode::provider_refused_request);
  }
  for (const int status : {204, 408, 409, 425, 500, 502, 503, 529}) {
    CHECK(code_of_status(status) == ErrorCode::provider_error);
  }
}

TEST_CASE("Retry-After is taken in seconds, within a day") {
  const auto seconds = [](std::string_view value) {
    return llm::classify_http_failure(429, "", value).retry_after_s;
  };
  CHECK(seconds("17") == 17);
  CHECK(seconds(" 5 ") == 5);
  CHECK(seconds("99999999999999") == 86400);
  for (const std::string_view bad : {"", "soon", "-1", "1.5", "Fri, 31 Dec 2027 23:59:59 GMT"}) {
    CHECK(seconds(bad) == 0);
  }
}

TEST_CASE("the kind of an error goes to the log, and none of the provider's words") {
  const auto problem = llm::classify_http_failure(
      401,
      R"({"error":{"message":"Incorrect API key: sk-wxyz","type":"invalid_request_error","code":"sk-1"}})");
  CHECK(problem.cause == "HTTP 401: invalid_request_error");
  CHECK(problem.detail.find("Incorrect") == std::string::npos);
  CHECK(llm::classify_http_failure(502, "<html>the prompt</html>").cause == "HTTP 502");
  CHECK(llm::classify_http_failure(422, R"({"message":{"detail":"the prompt"}})").cause ==
        "HTTP 422: an error without a kind");
  CHECK(llm::classify_http_failure(500, "\xFF\xE7\x89").cause == "HTTP 500");
  CHECK(llm::classify_http_failure(
            429, R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"the prompt"}})")
            .cause == "HTTP 429: RESOURCE_EXHAUSTED 429");
}

TEST_CASE("a reported error is told by its status, else by its words") {
  CHECK(code_of_error(R"({"code":401})") == ErrorCode::provider_unauthorized);
  CHECK(code_of_error(R"({"code":"429","message":"x"})") == ErrorCode::provider_rate_limited);
  CHECK(code_of_error(R"({"code":503,"status":"UNAVAILABLE"})") == ErrorCode::provider_error);
  CHECK(code_of_error(R"({"type":"insufficient_quota","code":null})") ==
        ErrorCode::provider_rate_limited);
  CHECK(code_of_error(R"({"type":"requests","code":"rate_limit_exceeded"})") ==
        ErrorCode::provider_rate_limited);
  CHECK(code_of_error(R"({"code":"invalid_api_key"})") == ErrorCode::provider_unauthorized);
  CHECK(code_of_error(R"({"type":"exceed_context_size_error"})") ==
        ErrorCode::provider_refused_request);
  CHECK(code_of_error(R"({"type":"invalid_request_error"})") ==
        ErrorCode::provider_refused_request);
  CHECK(code_of_error(R"({"code":7,"message":"x"})") == ErrorCode::provider_error);
  CHECK(code_of_error("\"words\"") == ErrorCode::provider_error);
  CHECK(code_of_error("[1]") == ErrorCode::provider_error);
}
