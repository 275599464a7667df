// Who is calling (design section 7): proven by a token or nobody, never by a mere name.
#pragma once

#include <string>

#include "shared/auth/settings.hpp"
#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/rows.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct Caller {
  turn::Principal principal;
  // A guest's token that was just made: to be shown once, in the answer.
  std::string new_guest_token;

  // The id that the caller may call itself by before the database has answered; empty for guests.
  std::string_view user_id() const {
    return principal.kind == turn::Principal::Kind::user ? std::string_view(principal.subject)
                                                         : std::string_view();
  }
};

// Nobody signed in (no bearer, a publishable key, a token of role `anon`) becomes a new guest with
// a new token. Refusals: invalid_token, token_expired; database_unavailable when the public keys
// that would prove a token cannot be fetched.
runtime::Task<Result<Caller>> identify(runtime::Context& context, const auth::Settings& settings,
                                       const http::Headers& headers);

}  // namespace fabula::engine
