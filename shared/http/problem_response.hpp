// A Problem as an HTTP response: application/problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "shared/http/head.hpp"
#include "shared/result/result.hpp"

namespace fabula::http {

struct Response {
  ResponseHead head;
  std::string body;
};

// Members: type, title, status, detail, instance, code, the problem's own members, and, if fields
// are at fault, errors with path and message. Headers: Retry-After if it is known, WWW-Authenticate
// with a 401 (RFC 6750), and no-store. `instance` names this occurrence: the request id or the
// path. `cause` is never shown.
Response problem_response(const Problem& problem, std::string_view instance);

}  // namespace fabula::http
