// Issuers of tokens besides the deployment's Supabase, such as Clerk, Auth0 or one's own
// (FABULA_ISSUERS; design section 7). They stay in the JSON of the configuration, checked once:
// most requests need none of them, and separate types would cost every function more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/jwt.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::auth {

// An entry that check_issuers has found right:
//   issuer              its tokens' `iss`, exactly
//   jwks_url            where its keys are
//   audience            a text or a list of texts, one of which a token's `aud` must be; null: the
//                       issuer's tokens have none, as Clerk's session tokens, and a token that has
//                       one is for somebody else
//   authorized_parties  may be missing; a text or a list of texts, one of which a token's `azp`
//   (the
//                       web origin or the client that it was made for) must be. A token without
//                       `azp` passes, as those of native applications have none
using Issuer = json::Document;

// OpenID Connect Core, section 2, allows as many.
inline constexpr std::size_t kMaximumSubjectCharacters = 255;
// The limit of the column in public.principals.
inline constexpr std::size_t kMaximumIssuerCharacters = 512;

// The fault of an array of issuers; empty if there is none. Faults are missing and unknown members
// (a misspelt name would be a check that is never made), members of another form, an issuer that is
// there twice or is `supabase_issuer`, and, unless `is_http_allowed`, keys that come over http.
std::string issuers_fault(const json::Document& issuers, std::string_view supabase_issuer,
                          bool is_http_allowed);

// The issuer with this name, or nullptr. `issuers` must be an array.
const Issuer* find_issuer(const json::Document& issuers,
                          const std::optional<std::string_view>& name);

// The subject, of 1 to 255 characters, as the issuer writes it. `role` and `is_anonymous` are
// ignored. Refusals: token_expired; invalid_token for a missing `exp`, a token not yet valid or
// issued in the future, another issuer, audience or authorized party, and a subject that is
// missing, too long or has control characters.
Result<std::string> check_issuer_claims(const Claims& claims, const Issuer& issuer,
                                        std::int64_t now_ms);

}  // namespace fabula::auth
