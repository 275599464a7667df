// Issuers of tokens besides the deployment's Supabase, such as Clerk, Auth0 or one's own
// (FABULA_ISSUERS; design section 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/auth/jwt.hpp"
#include "shared/result/result.hpp"

namespace fabula::auth {

struct Issuer {
  std::string name;      // its tokens' `iss`, exactly
  std::string jwks_url;  // where its keys are
  // A token must be for one of these. None: the issuer's tokens have no audience, as Clerk's
  // session tokens, and a token that has one is for somebody else.
  std::vector<std::string> audience;
  // If there are any, a token's `azp` (the web origin it was made for, or the client) must be one
  // of them; a token without `azp` passes, as native applications' do.
  std::vector<std::string> authorized_parties;
};

// OpenID Connect Core, section 2, allows as many.
inline constexpr std::size_t kMaximumSubjectCharacters = 255;
// What public.principals stores.
inline constexpr std::size_t kMaximumIssuerCharacters = 512;

// Reads a JSON array of {"issuer", "jwks_url", "audience", "authorized_parties"?}, all texts; the
// last two may be lists of texts, and `audience` may be null, never absent, when the issuer's
// tokens have none. Refused with what is wrong with it: anything else, unknown members, an issuer
// that is there twice, and, unless `is_http_allowed`, keys that come over http.
tl::expected<std::vector<Issuer>, std::string> read_issuers(std::string_view json,
                                                            bool is_http_allowed);

// The issuer that the claims name; nullptr when it is none of these.
const Issuer* find_issuer(const std::vector<Issuer>& issuers, const Claims& claims);

// The subject, of 1 to 255 characters, as the issuer writes it. `role` and `is_anonymous` mean
// nothing here. Refusals: token_expired; invalid_token for a missing `exp`, a token not yet valid
// or issued in the future, another issuer, audience or authorized party, and a subject that is
// missing, too long or has control characters.
Result<std::string> check_issuer_claims(const Claims& claims, const Issuer& issuer,
                                        std::int64_t now_ms);

}  // namespace fabula::auth
