// The claims of a JSON Web Token (RFC 7519), and the user whom they identify. They mean something
// only after the signature has been verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::auth {

// How far another machine's clock may be off; PostgREST allows the same.
inline constexpr std::int64_t kClockLeewayMs = 30'000;

struct Claims {
  std::optional<std::string> issuer;
  std::optional<std::string> subject;
  std::vector<std::string> audience;
  std::optional<std::int64_t> expires_at_s;
  std::optional<std::int64_t> not_before_s;
  std::optional<std::int64_t> issued_at_s;
  std::optional<std::string> authorized_party;  // the client it is for (`azp`)
  std::optional<std::string> role;
  bool is_anonymous = false;  // a Supabase user who has not signed up
};

// Reads `iss sub aud exp nbf iat azp role is_anonymous`. One of them that has another type than its
// standard gives it is invalid_token; but `role` and `is_anonymous` are Supabase's own names, which
// another issuer may use for anything, so that another type counts as missing. Fractions of seconds
// are cut off.
Result<Claims> parse_claims(std::string_view payload);

// Refusals: token_expired; invalid_token for a missing `exp`, a token not yet valid or issued in
// the future.
Result<void> check_times(const Claims& claims, std::int64_t now_ms);

// For tokens that break a rule which only the log should name.
tl::unexpected<Problem> refused_token(std::string_view rule);

struct ClaimExpectations {
  std::vector<std::string> issuers;  // any of these is accepted
  bool may_lack_issuer = false;      // the embedded Supabase writes none
  std::string audience;
};

struct TokenUser {
  std::string id;  // the subject: a UUID in lower case
  bool is_anonymous = false;
};

// The user whom the claims name; nothing for the role `anon`, which legacy keys have and which
// needs no issuer or audience. Refusals: token_expired; invalid_token for a missing `exp`, a token
// not yet valid or issued in the future, another issuer or audience, a subject that is no UUID, and
// any role but `authenticated`.
Result<std::optional<TokenUser>> check_claims(const Claims& claims,
                                              const ClaimExpectations& expectations,
                                              std::int64_t now_ms);

}  // namespace fabula::auth
