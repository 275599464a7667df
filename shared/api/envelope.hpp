// What an engine function of the database answers for an endpoint, and the response that it
// becomes.
//
//   {"body": ..., "status": 201, "total": 57, "content_range": "0-19/57", "etag": "41"}
//
// Only `body` must be there; it is passed on as it is and never becomes a document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/http/problem_response.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

// `if_none_match` is the request's header: when it names the answer's etag, the answer is 304 and
// has no body. internal_error when this is no envelope.
Result<http::Response> response_of_envelope(std::string_view envelope,
                                            std::optional<std::string_view> if_none_match);

// Whether a header of entity tags (If-Match, If-None-Match; RFC 9110, section 13.1) names this one,
// which is given without quotes. Weak tags count, `*` names any.
bool names_etag(std::string_view header, std::string_view etag);

// The one entity tag of an If-Match header without its quotes; empty for `*`. invalid_request for
// anything else: a change is made on one version or on any.
Result<std::string> single_etag(std::string_view if_match);

}  // namespace fabula::api
