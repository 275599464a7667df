// Identifies the caller, or the user for whom a server calls: operations that declare it
// (`acts_for_users`) accept the secret key from a server together with the id of a user.
#pragma once

#include <string>

#include "shared/api/operation.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Identifies the caller by the operation's access. With the secret key the caller is the user in
// the header x-user-id or the query's user_id; if neither has one, name_user completes it.
runtime::Task<Result<Caller>> identify_for(Call& call, const api::Operation& operation);

// Takes the user for whom a server calls from the body's user_id, if still unknown; does nothing
// for other callers. invalid_token when no user is named.
Result<void> name_user(Call& call, Caller& caller, const json::Document& body);

// The id in the header x-user-id; empty without it. A body or header that names a user proves
// nothing; it may only repeat the token's user: forbidden otherwise.
Result<std::string> claimed_user(const Call& call, const Caller& caller);
Result<void> check_claimed_user(std::string_view claimed, const Caller& caller);

}  // namespace fabula::engine
