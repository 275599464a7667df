// Requests with the header Idempotency-Key: sent again, they do nothing again.
#pragma once

#include <string>
#include <string_view>

#include "shared/database/function.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The request's Idempotency-Key; empty without one, invalid_request for one that cannot be kept.
Result<std::string> idempotency_key(const Call& call);

// Calls a function of the database that answers with an envelope; `request` is its JSON object.
// With a key the function is called once, and later calls get what it has made
// (supabase/schemas/idempotency). `body` is the request's, for which the key stands; it must have
// been checked. Also idempotency_key_reused.
runtime::Task<Result<std::string>> call_once(Call& call, const Match& match,
                                             const json::Document& body,
                                             const database::Declaration& function,
                                             std::string_view request);

}  // namespace fabula::engine
