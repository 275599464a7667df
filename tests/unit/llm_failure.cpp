#include "shared/llm/failure.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/llm/redaction.hpp"
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
  for (const int status : {400, 404, 413, 422}) {
    CHECK(code_of_status(status) == ErrorCode::provider_refused_request);
  }
  for (const int status : {204, 302, 402, 408, 418, 500, 502, 503, 529}) {
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

TEST_CASE("the provider's words go to the log without keys, and never to the client") {
  const auto problem = llm::classify_http_failure(
      401,
      R"({"error":{"message":"Incorrect API key provided: sk-proj-********wxyz.","type":"invalid_request_error","param":null}})");
  CHECK(problem.cause == "HTTP 401: invalid_request_error: Incorrect API key provided: [removed].");
  CHECK(problem.detail.find("Incorrect") == std::string::npos);
  CHECK(llm::classify_http_failure(502, "<html>bad gateway</html>").cause ==
        "HTTP 502: <html>bad gateway</html>");
  CHECK(llm::classify_http_failure(
            422, R"({"object":"error","message":{"detail":[{"loc":["body","x"]}]}})")
            .cause == R"(HTTP 422: {"detail":[{"loc":["body","x"]}]})");
}

TEST_CASE("a cause is cut to 500 bytes between characters, and is valid UTF-8 whatever came") {
  std::string body = "x";
  for (int i = 0; i < 500; ++i) body += "é";
  const auto cause = llm::classify_http_failure(500, body).cause;
  CHECK(cause.size() <= llm::kMaximumCauseBytes);
  CHECK(cause.size() > llm::kMaximumCauseBytes - 2);
  CHECK(text::is_valid_utf8(cause));
  CHECK(text::is_valid_utf8(llm::classify_http_failure(500, "\xFF\xE7\x89").cause));
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

TEST_CASE("what looks like a key or token is removed, other words stay") {
  CHECK(llm::without_secrets("key: sk-abcdef123456, gsk_0123456789 and hf_abcdefghijk.") ==
        "key: [removed], [removed] and [removed].");
  CHECK(llm::without_secrets("Bearer eyJhbGciOi.eyJzdWIiOi.x") == "Bearer [removed].[removed].x");
  CHECK(llm::without_secrets("k=9aF3kD0qP8sL2mN4bV6cX1zA5wE7rT9y") == "k=[removed]");
  CHECK(llm::without_secrets("k=0123456789abcdef0123456789abcdef") == "k=[removed]");
  for (const std::string_view kept :
       {"", "The model `meta-llama/Llama-3.3-70B-Instruct` does not exist", "ask-me sk-8",
        "req_011CRv1W3XQ8XpFikNYG7RnE", "cac7192e-e619-40c6-96b0-ed4276bc03ac", "物語 🐉"}) {
    CHECK(llm::without_secrets(kept) == kept);
  }
}
