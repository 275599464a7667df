// Where what an answer tells of is found (RFC 9110, section 10.2.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/http/head.hpp"
#include "shared/http/problem_response.hpp"
#include "shared/http/router.hpp"

namespace fabula::api {

// Completes an answer with the status 201 or 202: gives it the header Location, made of the
// operation's pattern (Answer::location), and makes an address of the path that its member
// `status_url` is. `server_url` is what patterns are below (server_url.hpp). Without a pattern,
// with another status, or if a placeholder's value is neither in the answer nor in the path,
// nothing is changed.
void complete_location(http::Response& response, std::string_view pattern,
                       const std::vector<http::Capture>& captures, std::string_view server_url);

}  // namespace fabula::api
