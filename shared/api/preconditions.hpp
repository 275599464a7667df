// Preconditions of changes (RFC 9110, section 13): a request whose precondition fails does nothing.
#pragma once

#include "shared/api/operation.hpp"
#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

// Decides the preconditions that need no look at the version: the others are decided where the
// version is known (Operation::takes_if_match, response_of_envelope). precondition_failed for a
// change with
//   - If-None-Match: the thing that is to be changed is there, and a change never asks for what the
//     caller does not have yet;
//   - If-Match that names a version of something that has none.
Result<void> check_preconditions(const Operation& operation, const http::Headers& headers);

}  // namespace fabula::api
