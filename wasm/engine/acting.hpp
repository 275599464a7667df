// Who is calling, or for whom: operations that declare it (`acts_for_users`) may be called by a
// server that has the secret key, for a user whom it names.
#pragma once

#include <string>

#include "shared/api/operation.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Identifies the caller as the operation's access says. With the secret key the caller is whom the
// header x-user-id or the query's user_id names; if neither does, name_user completes it.
runtime::Task<Result<Caller>> identify_for(Call& call, const api::Operation& operation);

// Takes whom a server acts for from the body's user_id, if it is not known yet; does nothing for
// other callers. invalid_token when nobody is named.
Result<void> name_user(Call& call, Caller& caller, const json::Document& body);

// The id in the header x-user-id; empty without it. A body or header that names a user proves
// nothing; it may only say what the token says: forbidden otherwise.
Result<std::string> claimed_user(const Call& call, const Caller& caller);
Result<void> check_claimed_user(std::string_view claimed, const Caller& caller);

}  // namespace fabula::engine
