// Endpoints that are a function of the database: the request is checked against its declaration,
// handed on, and the answer passed back. All that such an endpoint does itself is stand in a table.
#pragma once

#include <string>

#include "shared/auth/principal.hpp"
#include "shared/json/document.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Serves a request of somebody who is known by the route's function of the database.
runtime::Task<Result<void>> forward(Call& call, const Match& match);

// The request's body as a document, an empty object when there may be none and there is none.
// Refusals: unsupported_media_type, body_too_large, malformed_json and its like.
runtime::Task<Result<json::Document>> read_json(Call& call, const api::Operation& operation);

// Calls the route's function of the database for this principal and sends its answer. `body` is
// checked against the declaration.
runtime::Task<Result<void>> answer_from_database(Call& call, const Match& match,
                                                 const auth::Principal& principal,
                                                 const json::Document& body);

// Sends what a function of the database has answered (shared/api/envelope.hpp).
runtime::Task<Result<void>> send_envelope(Call& call, std::string_view envelope);

}  // namespace fabula::engine
