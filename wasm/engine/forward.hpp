// Endpoints that are a single database function: the request is checked against its declaration and
// passed on, and the answer is returned. Such an endpoint is only a row in its function's table.
#pragma once

#include <string>

#include "shared/auth/principal.hpp"
#include "shared/json/document.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Serves the request of an identified caller with the route's database function.
runtime::Task<Result<void>> forward(Call& call, const Match& match);

// The same with further members for the function's request: JSON members that each end with a
// comma, such as `"part":"premise",`.
runtime::Task<Result<void>> forward_with(Call& call, const Match& match, std::string_view members);
// The same for something that spends: its caller must be admitted (admission.hpp).
runtime::Task<Result<void>> forward_admitted(Call& call, const Match& match);
// The same for anybody: the function gets no principal, and no token is looked at.
runtime::Task<Result<void>> forward_for_anybody(Call& call, const Match& match);
// The same for the operator: the function gets no principal. Refuses like require_operator.
runtime::Task<Result<void>> forward_for_operator(Call& call, const Match& match);

// Reads the request's body as a document; an optional body that is missing reads as an empty
// object. Refusals: unsupported_media_type, body_too_large, malformed_json and similar; and
// invalid_request for an Idempotency-Key in another form, whether or not it is needed later.
runtime::Task<Result<json::Document>> read_json(Call& call, const api::Operation& operation);

// Calls the route's database function for this principal and sends its answer; `body` is checked
// against the declaration. `members` as in forward_with.
runtime::Task<Result<void>> answer_from_database(Call& call, const Match& match,
                                                 const auth::Principal& principal,
                                                 const json::Document& body,
                                                 std::string_view members = {});

// Sends the answer of a database function (shared/api/envelope.hpp).
runtime::Task<Result<void>> send_envelope(Call& call, std::string_view envelope);

}  // namespace fabula::engine
