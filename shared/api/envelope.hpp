// The answer of a database function to an endpoint, and the response that is made from it.
//
//   {"body": ..., "status": 201, "total": 57, "content_range": "0-19/57", "etag": "41"}
//
// Only `body` is required; it is passed on unchanged and never parsed into a document. With
// `"is_replayed": true` the header Idempotent-Replayed says that a repeated request did nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/http/problem_response.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

// `if_none_match` is the request's header: if it names the answer's etag, the response is 304
// without a body. internal_error when the text is no envelope.
Result<http::Response> response_of_envelope(std::string_view envelope,
                                            std::optional<std::string_view> if_none_match);

// Whether a header of entity tags (If-Match, If-None-Match; RFC 9110, section 13.1) names `etag`,
// which is given without quotes. Weak tags count, `*` names any.
bool names_etag(std::string_view header, std::string_view etag);

// The one entity tag of an If-Match header without its quotes; empty for `*`. Anything else is
// invalid_request: a change applies to one version or to any.
Result<std::string> single_etag(std::string_view if_match);

}  // namespace fabula::api
