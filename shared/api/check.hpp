// Checks a request's body, query and path against its declaration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/api/schema.hpp"
#include "shared/http/router.hpp"
#include "shared/http/url.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

// The declared fields of `body` as one JSON object, ids in lower case; unknown fields are
// left out, and so are nulls where null is no value. All faults are reported at once, with paths
// such as `attachments[0].url`: invalid_request, or invalid_id when nothing but the spelling of ids
// is wrong. A text with U+0000, which PostgreSQL cannot store, is a fault; so is one inside an
// object without a schema.
Result<std::string> check_body(const json::Document& body, const Schema& schema);

// Checks a query in the same way: integers and booleans are read from their text, a repeated
// parameter is a fault, and `path` in a fault is the parameter's name. Unknown parameters are
// ignored.
Result<std::string> check_query(const http::Url& url, const Schema& schema);

// The captures of a path as JSON members (`"session_id":"...",`, appended to `members`): invalid_id
// unless each is of its type (path_parameter.hpp).
Result<void> append_path_ids(std::string& members, const std::vector<http::Capture>& captures);

// The captures of a path as a JSON object, checked in the same way.
Result<json::Document> path_ids(const std::vector<http::Capture>& captures);

}  // namespace fabula::api
