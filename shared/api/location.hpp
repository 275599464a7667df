// The header Location of answers that create something (RFC 9110, section 10.2.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/http/head.hpp"
#include "shared/http/problem_response.hpp"
#include "shared/http/router.hpp"

namespace fabula::api {

// Completes an answer with the status 201 or 202: adds the header Location, made from the
// operation's pattern (Answer::location), and turns the path in its member `status_url` into a URL.
// Patterns are relative to `server_url` (server_url.hpp). Nothing changes without a pattern, with
// another status, or if neither the answer nor the path has a placeholder's value.
void complete_location(http::Response& response, std::string_view pattern,
                       const std::vector<http::Capture>& captures, std::string_view server_url);

}  // namespace fabula::api
