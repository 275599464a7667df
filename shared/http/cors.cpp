#include "shared/http/cors.hpp"

#include <algorithm>
#include <utility>

#include "shared/http/token.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::http {
namespace {

constexpr std::string_view kMethods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";

// The headers of supabase-js and its parts, those that our endpoints read, and W3C trace context.
constexpr std::string_view kRequestHeaders =
    "authorization, x-client-info, apikey, content-type, accept, cache-control, prefer, range, "
    "x-region, x-supabase-api-version, accept-profile, content-profile, x-user-id, x-request-id, "
    "last-event-id, idempotency-key, if-match, if-none-match, traceparent, tracestate, baggage";

constexpr std::string_view kResponseHeaders =
    "x-session-id, x-project-id, x-stream-id, x-task-id, x-guest-token, x-request-id, "
    "x-total-count, "
    "content-range, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, etag, "
    "location, www-authenticate, allow, idempotent-replayed";

// Two hours: Chromium caches a preflight's answer no longer.
constexpr std::string_view kMaximumAgeSeconds = "7200";

// A scheme, `://` and a host, without a path. App shells have schemes of their own, so not only
// http and https are allowed. Browsers send origins in lower case.
bool is_origin(std::string_view text) {
  constexpr std::string_view kSeparator = "://";
  const auto separator = text.find(kSeparator);
  if (separator == std::string_view::npos || !is_token(text.substr(0, separator))) return false;
  const auto host = text.substr(separator + kSeparator.size());
  constexpr std::string_view kRefused = "/?#@*\\";
  return !host.empty() && host.find_first_of(kRefused) == std::string_view::npos &&
         std::all_of(host.begin(), host.end(), is_visible_ascii);
}

bool is_listed(std::string_view list, std::string_view name) {
  text::Splitter names(list, ',');
  while (const auto listed = names.next()) {
    if (text::trim(*listed) == name) return true;
  }
  return false;
}

// A page's tracer adds its own headers to each request (sentry-trace, x-datadog-trace-id, b3 and
// many more), and a browser sends nothing if one of them is not allowed. Only headers that are
// allowed anyway authenticate, so every requested header is allowed.
std::string allowed_request_headers(const RequestHead& request) {
  std::string allowed(kRequestHeaders);
  const auto asked = request.headers.find("access-control-request-headers");
  text::Splitter names(asked.value_or(""), ',');
  while (const auto name = names.next()) {
    const auto header = text::to_lower(text::trim(*name));
    if (is_token(header) && !is_listed(kRequestHeaders, header))
      allowed.append(", ").append(header);
  }
  return allowed;
}

bool is_allowed(const CorsPolicy& policy, std::string_view origin) {
  return std::find(policy.origins.begin(), policy.origins.end(), text::to_lower(origin)) !=
         policy.origins.end();
}

void add_vary(Headers& response, std::string_view name) {
  const auto vary = response.find("vary");
  response.set("vary", vary ? std::string(*vary).append(", ").append(name) : std::string(name));
}

// Names the origin that may read the answer; false when the request's origin may not.
bool add_allowed_origin(const CorsPolicy& policy, const RequestHead& request, Headers& response) {
  if (policy.is_any_allowed) {
    response.set("access-control-allow-origin", "*");
    return true;
  }
  add_vary(response, "Origin");
  const auto origin = request.headers.find("origin");
  if (!origin || !is_allowed(policy, *origin)) return false;
  response.set("access-control-allow-origin", std::string(*origin));
  return true;
}

}  // namespace

Result<CorsPolicy> parse_allowed_origins(std::string_view setting) {
  CorsPolicy policy;
  policy.is_any_allowed = text::trim(setting).empty();
  text::Splitter entries(setting, ',');
  while (const auto entry = entries.next()) {
    auto origin = text::to_lower(text::trim(*entry));
    if (origin.empty()) continue;
    if (origin == "*") {
      policy.is_any_allowed = true;
      continue;
    }
    if (origin.back() == '/') origin.pop_back();
    if (!is_origin(origin)) {
      return problem(ErrorCode::internal_error, "The server is not configured correctly.",
                     "FABULA_ALLOWED_ORIGINS has an entry that is no origin such as "
                     "https://app.example: " +
                         origin);
    }
    policy.origins.push_back(std::move(origin));
  }
  return policy;
}

bool is_origin_allowed(const CorsPolicy& policy, std::optional<std::string_view> origin) {
  return policy.is_any_allowed || !origin || is_allowed(policy, *origin);
}

bool is_preflight(const RequestHead& request) { return request.method == "OPTIONS"; }

ResponseHead preflight_response(const CorsPolicy& policy, const RequestHead& request) {
  ResponseHead response;
  response.status = 204;
  if (add_allowed_origin(policy, request, response.headers)) {
    response.headers.set("access-control-allow-methods", std::string(kMethods));
    response.headers.set("access-control-allow-headers", allowed_request_headers(request));
    add_vary(response.headers, "Access-Control-Request-Headers");
    response.headers.set("access-control-max-age", std::string(kMaximumAgeSeconds));
  }
  return response;
}

void add_cors_headers(const CorsPolicy& policy, const RequestHead& request, Headers& response) {
  if (add_allowed_origin(policy, request, response)) {
    response.set("access-control-expose-headers", std::string(kResponseHeaders));
  }
}

}  // namespace fabula::http
