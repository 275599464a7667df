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
  CHECK(llm::classify_http_failure(402, "").detail.find("no credit") != std::string::npos);
  CHECK(llm::classify_http_failure(413, "").detail.find("shorter text") != std::string::npos);
  CHECK(llm::classify_http_failure(418, "").detail.find("shorter text") == std::string::npos);
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
  // No client may retry before the wait is over.
  CHECK(seconds("1.5") == 2);
  // Without the time of day a date says nothing.
  for (const std::string_view bad : {"", "soon", "-1", "Fri, 31 Dec 2027 23:59:59 GMT"}) {
    CHECK(seconds(bad) == 0);
  }
}

TEST_CASE("the wait is taken from where the provider puts it") {
  constexpr std::int64_t kNowMs = 1'830'297'540'000;  // Fri, 31 Dec 2027 23:59:00 GMT
  const auto with_date = [](std::string_view date) {
    return llm::classify_http_failure({.status = 429, .retry_after = date, .now_ms = kNowMs})
        .retry_after_s;
  };
  CHECK(with_date("Fri, 31 Dec 2027 23:59:59 GMT") == 59);
  CHECK(with_date("Sat, 01 Jan 2028 00:01:00 GMT") == 120);
  CHECK(with_date("Fri, 31 Dec 2027 23:58:00 GMT") == 0);
  CHECK(with_date("Mon, 31 Dec 2029 23:59:59 GMT") == 86400);
  CHECK(with_date("Fri, 41 Dec 2027 23:59:59 GMT") == 0);
  CHECK(llm::classify_http_failure({.status = 429, .retry_after_ms = "350"}).retry_after_s == 1);
  CHECK(llm::classify_http_failure({.status = 429, .retry_after_ms = "12001"}).retry_after_s == 13);
  CHECK(llm::classify_http_failure({.status = 429, .retry_after_ms = "90500"}).retry_after_s == 91);
  CHECK(llm::classify_http_failure({.status = 429, .retry_after_ms = "999999999"}).retry_after_s ==
        86400);
  const auto in_body = [](std::string_view body) {
    return llm::classify_http_failure(429, body).retry_after_s;
  };
  CHECK(in_body(R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
      {"@type":"type.googleapis.com/google.rpc.Help"},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17.2s"}]}})") == 18);
  CHECK(in_body(R"([{"error":{"code":429,"details":[{"retryDelay":"4s"}]}}])") == 4);
  CHECK(in_body(R"({"error":{"message":"Rate limit reached. Please try again in 7m12.5s."}})") ==
        433);
  CHECK(in_body(R"({"error":{"message":"Limit 3. Please try again in 20s. Visit our page."}})") ==
        20);
  CHECK(in_body(R"({"error":{"message":"Please try again in 350ms."}})") == 1);
  CHECK(in_body(R"({"error":{"message":"Please retry after 12 seconds."}})") == 12);
  CHECK(in_body(R"({"error":{"metadata":{"retry_after_seconds":9}}})") == 9);
  CHECK(in_body(R"({"message":"slow","retry_after":2.5})") == 3);
  CHECK(in_body(R"({"error":{"message":"Please try again in a while."}})") == 0);
  CHECK(in_body(R"({"error":"Slow down. Try again in 20s"})") == 20);
  CHECK(in_body(R"({"error":"Too many requests","retry_after":5})") == 5);
  CHECK(in_body(R"({"error":{"retry_after_ms":"1500"}})") == 2);
  CHECK(in_body(R"({"detail":"Request was throttled. Expected available in 8 seconds."})") == 8);
  CHECK(in_body(R"({"detail":"Your rate limit resets in ~30s."})") == 30);
  CHECK(in_body(R"({"error":{"message":"Please wait 2 minutes before you try again."}})") == 120);
  CHECK(in_body(R"({"error":{"message":"Please try again in 2 hours."}})") == 7200);
  CHECK(in_body(R"({"error":{"message":"Please try again in 1 day."}})") == 86400);
  CHECK(in_body(R"({"error":{"message":"Please try again in 99999999999999999999 days."}})") ==
        86400);
  CHECK(in_body("Rate limited, retry after 9 seconds") == 9);
  CHECK(in_body("<p>retry after 9 seconds</p>") == 0);
  CHECK(in_body(
            R"({"error":{"metadata":{"raw":"{\"error\":{\"message\":\"try again in 7s\"}}"}}})") ==
        7);
  // A model that is being loaded.
  CHECK(llm::classify_http_failure(503, R"({"error":"Model m is loading","estimated_time":20.5})")
            .retry_after_s == 21);
  const auto until_reset = [](std::string_view reset, std::int64_t now_ms) {
    const auto body = R"({"error":{"code":429,"metadata":{"headers":{"X-RateLimit-Reset":)" +
                      std::string(reset) + "}}}}";
    return llm::classify_http_failure({.status = 429, .body_prefix = body, .now_ms = now_ms})
        .retry_after_s;
  };
  CHECK(until_reset("\"1830297560000\"", kNowMs) == 20);
  CHECK(until_reset("1830297560000", kNowMs) == 20);
  CHECK(until_reset("\"1830297560000\"", 0) == 0);
  CHECK(until_reset("\"1830297500000\"", kNowMs) == 0);
  CHECK(until_reset("null", kNowMs) == 0);
  CHECK(in_body(R"({"error":{"message":"Please try again in 99999999999999999999h"}})") == 86400);
  CHECK(llm::classify_http_failure(429, R"({"error":{"message":"try again in 5s"}})", "8")
            .retry_after_s == 8);
}

TEST_CASE("each class of failures has its sentence, and a code that says whether it may pass") {
  struct Case {
    int status;
    const char* body;
    ErrorCode code;
    const char* sentence;  // a part of it
  };
  constexpr auto kRefused = ErrorCode::provider_refused_request;
  constexpr auto kUnauthorized = ErrorCode::provider_unauthorized;
  constexpr auto kLimited = ErrorCode::provider_rate_limited;
  constexpr auto kError = ErrorCode::provider_error;
  constexpr const char* kCredit = "no credit";
  constexpr const char* kKey = "key";
  constexpr const char* kModel = "does not know this model";
  constexpr const char* kLong = "shorter text";
  constexpr const char* kContent = "refused the content";
  constexpr const char* kBusy = "overloaded";
  constexpr const char* kLater = "Try again later";
  const Case cases[] = {
      {402, R"({"error":{"message":"Insufficient Balance","code":"invalid_request_error"}})",
       kRefused, kCredit},
      {400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}})",
       kRefused, kCredit},
      {429,
       R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}})",
       kRefused, kCredit},
      {429, R"({"error":{"type":"exceeded_current_quota_error","message":"suspended"}})", kRefused,
       kCredit},
      {403, R"({"error":"Your team has either used all available credits or reached its limit."})",
       kRefused, kCredit},
      {400, R"({"code":"Arrearage","message":"Access denied."})", kRefused, kCredit},
      {400,
       R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})",
       kUnauthorized, kKey},
      {401, R"({"error":{"message":"Incorrect API key provided"}})", kUnauthorized, kKey},
      {403, R"({"error":{"type":"permission_error","message":"no"}})", kUnauthorized, kKey},
      {404, R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})",
       kRefused, kModel},
      {400, R"({"error":{"message":"x is not a valid model ID","code":400}})", kRefused, kModel},
      {400, R"({"error":{"message":"Model Not Exist","type":"invalid_request_error"}})", kRefused,
       kModel},
      {404, R"({"error":"model 'x' not found, try pulling it first"})", kRefused, kModel},
      {404, "404 page not found", kRefused, kModel},
      {400,
       R"({"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}})",
       kRefused, kLong},
      {400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
       kRefused, kLong},
      {400,
       R"({"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed","status":"INVALID_ARGUMENT"}})",
       kRefused, kLong},
      {400, R"({"error":{"type":"exceed_context_size_error","message":"the request exceeds"}})",
       kRefused, kLong},
      {400, R"({"error":{"message":"Content Exists Risk","code":"invalid_request_error"}})",
       kRefused, kContent},
      {400, R"({"error":{"code":"content_policy_violation","message":"rejected"}})", kRefused,
       kContent},
      {403, R"({"error":{"code":403,"message":"x requires moderation. Your input was flagged"}})",
       kRefused, kContent},
      {400, R"({"code":"data_inspection_failed","message":"Input data may contain"})", kRefused,
       kContent},
      {529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       kError, kBusy},
      {503, R"({"error":{"code":503,"status":"UNAVAILABLE","message":"high demand"}})", kError,
       kBusy},
      {429, R"({"error":{"type":"engine_overloaded_error","message":"busy"}})", kError, kBusy},
      {429, R"({"error":{"code":"rate_limit_exceeded","message":"requests per min"}})", kLimited,
       kLater},
      {429,
       R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details."}})",
       kLimited, kLater},
      {500, R"({"error":{"message":"the model was not found in the cache"}})", kError, "failed"},
      {400, R"({"error":{"message":"temperature: must be at most 1"}})", kRefused, "settings"},
      // OpenRouter
      {402, R"({"error":{"code":402,"message":"This request requires more credits"}})", kRefused,
       kCredit},
      {403, R"({"error":{"code":403,"message":"Key limit exceeded (monthly limit)."}})", kRefused,
       kCredit},
      {429,
       R"({"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more"}})",
       kLimited, kLater},
      {400,
       R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"prompt is too long: 9 tokens\"}}"}}})",
       kRefused, kLong},
      // Groq and OpenAI: more than a minute's tokens at once, which no wait helps.
      {413,
       R"({"error":{"message":"Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}})",
       kRefused, kLong},
      {429,
       R"({"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 45000","type":"tokens","code":"rate_limit_exceeded"}})",
       kRefused, kLong},
      {400,
       R"({"error":{"message":"The model `m` has been decommissioned","type":"invalid_request_error","code":"model_decommissioned"}})",
       kRefused, kModel},
      // Mistral
      {400,
       R"({"object":"error","message":"Invalid model: m","type":"invalid_model","param":null,"code":"1500"})",
       kRefused, kModel},
      {429,
       R"({"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","code":"3505"})",
       kError, kBusy},
      {401, R"({"detail":"Unauthorized"})", kUnauthorized, kKey},
      // Anthropic
      {400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}})",
       kRefused, kLong},
      {400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}})",
       kRefused, kCredit},
      {400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}})",
       kRefused, kContent},
      // Azure
      {400,
       R"({"error":{"code":"content_filter","message":"The response was filtered","status":400}})",
       kRefused, kContent},
      {404, R"({"error":{"code":"DeploymentNotFound","message":"There is no such deployment."}})",
       kRefused, kModel},
      // Hugging Face's servers
      {422,
       R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096","error_type":"validation"})",
       kRefused, kLong},
      {429, R"({"error":"Model is overloaded","error_type":"overloaded"})", kError, kBusy},
      {400,
       R"({"error":{"message":"The requested model 'm' is not supported by any provider","code":"model_not_supported"}})",
       kRefused, kModel},
      // vLLM, LM Studio, llama.cpp, Ollama
      {400,
       R"({"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400})",
       kRefused, kLong},
      {404, R"({"error":{"message":"No models loaded. Load one first.","code":"model_not_found"}})",
       kRefused, kModel},
      {503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
       kError, kBusy},
      {500, R"({"error":"model requires more system memory than is available"})", kError, "failed"},
      // Zhipu
      {429, R"({"error":{"code":"1113","message":"Insufficient balance. Please recharge."}})",
       kRefused, kCredit},
      {400, R"({"error":{"code":"1261","message":"Prompt exceeds max length"}})", kRefused, kLong},
      // A gateway that answers in plain words.
      {429, "Too many requests. Rate limit exceeded.", kLimited, kLater},
      {400, "prompt is too long for this deployment", kRefused, kLong},
  };
  for (const auto& [status, body, code, sentence] : cases) {
    CAPTURE(status);
    CAPTURE(body);
    const auto problem = llm::classify_http_failure(status, body);
    CHECK(problem.code == code);
    CAPTURE(problem.detail);
    CHECK(problem.detail.find(sentence) != std::string::npos);
    const bool says_shorter = problem.detail.find("shorter") != std::string::npos;
    CHECK(says_shorter == (std::string_view(sentence) == kLong));
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
  CHECK(llm::classify_http_failure(429, R"({"error":{"code":"1302","message":"x"}})").cause ==
        "HTTP 429: 1302");
  CHECK(llm::classify_http_failure(429, R"({"code":"Throttling.RateQuota","message":"x"})").cause ==
        "HTTP 429: Throttling.RateQuota");
  CHECK(llm::classify_http_failure(400, R"({"errors":[{"code":5007}],"code":5007})").cause ==
        "HTTP 400: 5007");
  CHECK(
      llm::classify_http_failure(
          400,
          R"({"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})")
          .cause == "HTTP 400: 400 INVALID_ARGUMENT API_KEY_INVALID");
  CHECK(llm::classify_http_failure(
            429, R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"the prompt"}})")
            .cause == "HTTP 429: 429 RESOURCE_EXHAUSTED");
}

TEST_CASE("a reported error is told by its status, else by its words") {
  CHECK(code_of_error(R"({"code":401})") == ErrorCode::provider_unauthorized);
  CHECK(code_of_error(R"({"code":"429","message":"x"})") == ErrorCode::provider_rate_limited);
  CHECK(code_of_error(R"({"code":503,"status":"UNAVAILABLE"})") == ErrorCode::provider_error);
  CHECK(code_of_error(R"({"type":"insufficient_quota","code":null})") ==
        ErrorCode::provider_refused_request);
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
