// Who is calling (design section 7): proven by a token or nobody, never by a mere name.
#pragma once

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
  // A guest's token that was just made: to be shown once, in the answer.
  std::string new_guest_token;
  // A user of Supabase who has not signed up: a guest whom Supabase knows.
  bool is_anonymous = false;

  // The id that the caller may call itself by before the database has answered; empty for guests
  // and users of other issuers, whose ids are the database's.
  std::string_view user_id() const {
    return principal.kind == auth::Principal::Kind::user ? std::string_view(principal.subject)
                                                         : std::string_view();
  }

  // Whether this id, which the caller has named, may be its own; the database has the last word.
  bool may_be(std::string_view claimed_user_id) const {
    return principal.kind == auth::Principal::Kind::guest ||
           principal.kind == auth::Principal::Kind::external || claimed_user_id == user_id();
  }
};

// A caller, or else a new guest: nobody signed in (no bearer, a publishable key, a token of role
// `anon`) gets a new token. Refusals: invalid_token, token_expired; database_unavailable when the
// public keys that would prove a token cannot be fetched.
runtime::Task<Result<Caller>> identify(runtime::Context& context, const auth::Settings& settings,
                                       const http::Headers& headers);

// A caller who is somebody already. Refusals are those of `identify`, and missing_credentials when
// nobody is signed in.
runtime::Task<Result<Caller>> identify_known(runtime::Context& context,
                                             const auth::Settings& settings,
                                             const http::Headers& headers);

// The guest whom this token (without `Bearer`) proves, as whoever wants to have what the guest owns
// must show it: a guest by the token's hash, which the database has yet to find, or an anonymous
// user of Supabase. forbidden for anything else, such as a full account's token or one that has
// expired; database_unavailable as in `identify`.
runtime::Task<Result<auth::Principal>> prove_guest(runtime::Context& context,
                                                   const auth::Settings& settings,
                                                   std::string_view token);

// Whose signatures count: the keys of one issuer. Those of another never verify its tokens.
struct KeyTrust {
  auth::KeySources known;
  std::string_view jwks_url;  // where to look for a key that is not known; empty: nowhere
};

// The step of all these that needs the host's cryptography: succeeds when one of the keys verifies
// the token's signature. invalid_token if none does; database_unavailable as in `identify`.
runtime::Task<Result<void>> verify_signature(runtime::Context& context, KeyTrust trust,
                                             const auth::Jws& token);

}  // namespace fabula::engine
