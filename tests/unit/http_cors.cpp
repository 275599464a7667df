#include "shared/http/cors.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

using namespace fabula;

namespace {

http::RequestHead request_from(std::string_view origin, std::string_view method = "POST") {
  http::RequestHead head{std::string(method), "http://a/chat", {}};
  if (!origin.empty()) head.headers.set("origin", std::string(origin));
  return head;
}

http::RequestHead preflight_from(std::string_view origin) {
  auto head = request_from(origin, "OPTIONS");
  head.headers.set("access-control-request-method", "POST");
  return head;
}

http::CorsPolicy policy_of(std::string_view setting) {
  auto policy = http::parse_allowed_origins(setting);
  REQUIRE(policy);
  return *policy;
}

// Whether a list such as "a, b" has an entry.
bool lists(std::optional<std::string_view> list, std::string_view entry) {
  REQUIRE(list);
  return (", " + std::string(*list) + ",").find(", " + std::string(entry) + ",") !=
         std::string::npos;
}

}  // namespace

TEST_CASE("the setting is any origin or a list of origins") {
  CHECK(policy_of("").is_any_allowed);
  CHECK(policy_of("  ").is_any_allowed);
  CHECK(policy_of("*").is_any_allowed);
  CHECK(policy_of("https://a.example, *").is_any_allowed);
  const auto listed = policy_of(" https://A.example/ ,http://localhost:3000,, tauri://localhost");
  CHECK_FALSE(listed.is_any_allowed);
  CHECK(listed.origins == std::vector<std::string>{"https://a.example", "http://localhost:3000",
                                                   "tauri://localhost"});
}

TEST_CASE("an entry that is no origin is a fault of the deployment") {
  for (const std::string_view bad :
       {"a.example", "https://", "https://a.example/path", "null", "https://*.example",
        "https://u@a.example", "://a", "https://a.example https://b.example", "https://a?x"}) {
    CAPTURE(bad);
    const auto policy = http::parse_allowed_origins(bad);
    REQUIRE_FALSE(policy);
    CHECK(policy.error().code == ErrorCode::internal_error);
    CHECK(policy.error().cause.find("FABULA_ALLOWED_ORIGINS") != std::string::npos);
  }
}

TEST_CASE("every OPTIONS request is answered as a preflight, and no other is") {
  CHECK(http::is_preflight(preflight_from("https://a.example")));
  CHECK(http::is_preflight(request_from("", "OPTIONS")));
  auto post = preflight_from("https://a.example");
  post.method = "POST";
  CHECK_FALSE(http::is_preflight(post));
}

TEST_CASE("a preflight's answer allows what supabase-js and our endpoints send") {
  const auto answer = http::preflight_response(policy_of("*"), preflight_from("https://a.example"));
  CHECK(answer.status == 204);
  CHECK(answer.headers.find("access-control-allow-origin") == "*");
  CHECK(answer.headers.find("vary") == "Access-Control-Request-Headers");
  CHECK_FALSE(answer.headers.find("access-control-allow-credentials"));
  for (const std::string_view name :
       {"authorization", "x-client-info", "apikey", "content-type", "x-user-id", "last-event-id",
        "idempotency-key", "traceparent", "x-region", "x-supabase-api-version", "if-match"}) {
    CAPTURE(name);
    CHECK(lists(answer.headers.find("access-control-allow-headers"), name));
  }
  for (const std::string_view method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    CHECK(lists(answer.headers.find("access-control-allow-methods"), method));
  }
  CHECK(answer.headers.find("access-control-max-age") == "7200");
}

TEST_CASE("a page with a tracer may send the tracer's headers") {
  for (const std::string_view asked :
       {"authorization,baggage,content-type,sentry-trace",
        "authorization,content-type,x-datadog-origin,x-datadog-parent-id,"
        "x-datadog-sampling-priority,x-datadog-trace-id",
        "apikey,authorization,x-client-info,x-span-id,x-trace-id",
        "b3, x-b3-traceid, x-b3-spanid, x-b3-sampled", "traceparent,tracestate,newrelic",
        "X-Amzn-Trace-Id , x-cloud-trace-context,,uber-trace-id"}) {
    CAPTURE(asked);
    auto request = preflight_from("https://app.example.net");
    request.headers.set("access-control-request-headers", std::string(asked));
    const auto answer = http::preflight_response(policy_of("*"), request);
    const auto allowed = answer.headers.find("access-control-allow-headers");
    text::Splitter names(asked, ',');
    while (const auto name = names.next()) {
      if (!text::trim(*name).empty()) CHECK(lists(allowed, text::to_lower(text::trim(*name))));
    }
    CHECK(lists(allowed, "authorization"));
  }
}

TEST_CASE("what is no header's name is not allowed, and a header is allowed once") {
  auto request = preflight_from("https://app.example.net");
  request.headers.set("access-control-request-headers",
                      "*/x, sentry trace, content-type, \"x\", , sentry-trace");
  const auto answer = http::preflight_response(policy_of("*"), request);
  const std::string allowed(answer.headers.find("access-control-allow-headers").value_or(""));
  CHECK(allowed.ends_with(", baggage, sentry-trace"));
}

TEST_CASE("other answers expose the headers that pages need") {
  http::Headers headers;
  http::add_cors_headers(policy_of("*"), request_from("https://a.example"), headers);
  CHECK(headers.find("access-control-allow-origin") == "*");
  for (const std::string_view name : {"x-session-id", "x-project-id", "x-stream-id",
                                      "x-guest-token", "x-request-id", "retry-after"}) {
    CAPTURE(name);
    CHECK(lists(headers.find("access-control-expose-headers"), name));
  }
}

TEST_CASE("with a list, only its origins may read, and caches keep origins apart") {
  const auto policy = policy_of("https://a.example,http://localhost:3000");
  http::Headers allowed;
  http::add_cors_headers(policy, request_from("https://a.example"), allowed);
  CHECK(allowed.find("access-control-allow-origin") == "https://a.example");
  CHECK(allowed.find("vary") == "Origin");
  CHECK(allowed.find("access-control-expose-headers"));

  for (const std::string_view other :
       {"https://b.example", "http://a.example", "https://a.example:8443", "https://a.example.evil",
        "null", "*", ""}) {
    CAPTURE(other);
    http::Headers refused;
    http::add_cors_headers(policy, request_from(other), refused);
    CHECK_FALSE(refused.find("access-control-allow-origin"));
    CHECK_FALSE(refused.find("access-control-expose-headers"));
    CHECK(refused.find("vary") == "Origin");
    const auto preflight = http::preflight_response(policy, preflight_from(other));
    CHECK(preflight.status == 204);
    CHECK_FALSE(preflight.headers.find("access-control-allow-origin"));
    CHECK_FALSE(preflight.headers.find("access-control-allow-headers"));
    CHECK(preflight.headers.find("vary") == "Origin");
  }
}

TEST_CASE("a Vary that is there is kept") {
  http::Headers headers;
  headers.set("vary", "Accept");
  http::add_cors_headers(policy_of("https://a.example"), request_from(""), headers);
  CHECK(headers.find("vary") == "Accept, Origin");
}

TEST_CASE("who may open a socket, where nothing but the server looks at the origin") {
  const auto any = policy_of("*");
  const auto listed = policy_of("https://a.example, http://localhost:3000");
  for (const std::string_view origin : {"https://evil.example", "null", "https://a.example"}) {
    CHECK(http::is_origin_allowed(any, origin));
  }
  CHECK(http::is_origin_allowed(listed, "https://a.example"));
  CHECK(http::is_origin_allowed(listed, "http://localhost:3000"));
  for (const std::string_view origin : {"https://evil.example", "null", "https://a.example.evil",
                                        "http://a.example", "http://localhost:3001", ""}) {
    CAPTURE(origin);
    CHECK_FALSE(http::is_origin_allowed(listed, origin));
  }
  // No browser sent it.
  CHECK(http::is_origin_allowed(listed, std::nullopt));
}
