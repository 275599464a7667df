// Preconditions of changes (RFC 9110, section 13): a request whose precondition fails does nothing.
#pragma once

#include "shared/api/operation.hpp"
#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

// Decides the preconditions that do not depend on the current version. The others are decided where
// the version is known (Operation::takes_if_match, response_of_envelope). A change gets
// precondition_failed if it has
// - If-None-Match: the thing to change exists, and this header asks for something that the caller
// does not have yet;
// - an If-Match that names a version of something without versions.
Result<void> check_preconditions(const Operation& operation, const http::Headers& headers);

}  // namespace fabula::api
