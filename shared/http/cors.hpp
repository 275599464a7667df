// Cross-origin resource sharing (the Fetch standard, section "HTTP CORS protocol"). No cookies and
// no credentials mode: callers authenticate with headers that a page must set itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/http/head.hpp"
#include "shared/result/result.hpp"

namespace fabula::http {

struct CorsPolicy {
  bool is_any_allowed = true;
  std::vector<std::string> origins;  // lower case, without a slash at the end
};

// Reads FABULA_ALLOWED_ORIGINS: `*`, or origins such as `https://app.example` between commas. Not
// set or blank means `*`. An entry that is no origin is a fault of the deployment: internal_error.
Result<CorsPolicy> parse_allowed_origins(std::string_view setting);

// Whether pages of this origin may call; requests without an origin do not come from a page. For
// sockets, which browsers open without a preflight.
bool is_origin_allowed(const CorsPolicy& policy, std::optional<std::string_view> origin);

// True for any OPTIONS request, with which a browser asks whether the real request may follow. We
// do not use the method otherwise, so a request without a preflight's headers gets the same answer.
bool is_preflight(const RequestHead& request);

// The whole answer to a preflight: 204, without a body. Allows the headers that endpoints read, and
// all others that the page names, such as those of a tracer.
ResponseHead preflight_response(const CorsPolicy& policy, const RequestHead& request);

// Adds the headers that any other response needs so that the page may read it. Keeps an existing
// `Vary`.
void add_cors_headers(const CorsPolicy& policy, const RequestHead& request, Headers& response);

}  // namespace fabula::http
