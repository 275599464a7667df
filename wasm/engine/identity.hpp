// Identifies the caller (design section 7): only by a token that is verified, never by a mere name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/jws.hpp"
#include "shared/auth/keys.hpp"
#include "shared/auth/principal.hpp"
#include "shared/auth/settings.hpp"
#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct Caller {
  auth::Principal principal;
  // The token of a guest that was just created: sent once, in the answer.
  std::string new_guest_token;
  // When the caller's access token expires; nothing if it has no such claim.
  std::optional<std::int64_t> expires_at_s = {};
  // An anonymous user of Supabase Auth: a guest with an account there.
  bool is_anonymous = false;

  // The id by which the caller may refer to itself before the database has answered; empty for
  // guests and users of other issuers, whose ids the database assigns.
  std::string_view user_id() const {
    return principal.kind == auth::Principal::Kind::user ? std::string_view(principal.subject)
                                                         : std::string_view();
  }

  // Whether this id from the request may be the caller's own; the database makes the final
  // decision.
  bool may_be(std::string_view claimed_user_id) const {
    if (principal.kind == auth::Principal::Kind::named) {
      return claimed_user_id == principal.subject;
    }
    return principal.kind == auth::Principal::Kind::guest ||
           principal.kind == auth::Principal::Kind::external || claimed_user_id == user_id();
  }
};

// Identifies the caller, or creates a guest with a new token for a request without a sign-in (no
// bearer, a publishable key, a token of role `anon`). Refusals: invalid_token, token_expired;
// database_unavailable when the public keys that verify a token cannot be fetched.
runtime::Task<Result<Caller>> identify(runtime::Context& context, const auth::Settings& settings,
                                       const http::Headers& headers);

// A guest with a new token, whom the database must create unless it exists. With an Idempotency-Key
// the token is derived from it, so that a repeated request has the same guest; invalid_request for
// a key that could be guessed.
runtime::Task<Result<Caller>> make_guest(runtime::Context& context, const auth::Settings& settings,
                                         const http::Headers& headers);

// Like `identify`, but refuses a request without a sign-in with missing_credentials.
runtime::Task<Result<Caller>> identify_known(runtime::Context& context,
                                             const auth::Settings& settings,
                                             const http::Headers& headers);

// Returns the guest that this token (without `Bearer`) proves, for a caller who claims the guest's
// belongings: a guest by the token's hash, which the database must still find, or an anonymous user
// of Supabase. forbidden for anything else, such as a full account's token or an expired one;
// database_unavailable as in `identify`.
runtime::Task<Result<auth::Principal>> prove_guest(runtime::Context& context,
                                                   const auth::Settings& settings,
                                                   std::string_view token);

// The trusted keys of one issuer. One issuer's keys never verify another issuer's tokens.
struct KeyTrust {
  auth::KeySources known;
  std::string_view jwks_url;  // where to look up an unknown key; empty: nowhere
};

// The only step that needs the host's cryptography: succeeds when one of the keys verifies the
// token's signature. invalid_token if none does; database_unavailable as in `identify`.
runtime::Task<Result<void>> verify_signature(runtime::Context& context, KeyTrust trust,
                                             const auth::Jws& token);

}  // namespace fabula::engine
