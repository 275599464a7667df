// Everything that is the caller's, as a stream of JSON lines.
#pragma once

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::users_function {

// Sends page after page from the database, each when the client has taken the one before. The last
// line is `complete` with the numbers of lines, or `incomplete` or `error` with the cursor from
// which another request goes on.
runtime::Task<Result<void>> export_account(engine::Call& call, const engine::Match& match);

}  // namespace fabula::users_function
