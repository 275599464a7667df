// Settings from the environment: who may call, and how we reach Supabase (design section 7).
#pragma once

#include <string>
#include <vector>

#include "shared/auth/issuer.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/settings/values.hpp"

namespace fabula::auth {

struct Settings {
  bool is_development = false;           // FABULA_ENV; false (production) unless it says otherwise
  std::string supabase_url;              // SUPABASE_URL without a slash at the end
  std::string rest_url;                  // SUPABASE_REST_URL, else below supabase_url
  std::string secret_key;                // the key that we send to REST; it acts as service_role
  std::vector<std::string> secret_keys;  // all that operators and servers may send, with that one
  std::vector<std::string> publishable_keys;
  std::string jwks;      // SUPABASE_JWKS: the key set itself; may be empty
  std::string jwks_url;  // where to fetch it, SUPABASE_JWKS_URL or below supabase_url
  // FABULA_JWT_SECRET and, while it is rotated, FABULA_PREVIOUS_JWT_SECRET; each may be empty.
  // Without both HS256 tokens are refused.
  std::string hs256_secret;
  std::string previous_hs256_secret;
  ClaimExpectations expectations;
  // FABULA_ISSUERS: an array of `Issuer`, besides Supabase
  json::Document issuers = json::Document(json::Document::value_t::array);
  std::string
      plan_claim;  // FABULA_PLAN_CLAIM: the path of the claim that names a plan; may be empty
};

// Reads SUPABASE_URL, SUPABASE_REST_URL, SUPABASE_SECRET_KEYS (JSON, name to key; `default` is
// preferred) or else SUPABASE_SERVICE_ROLE_KEY or SUPABASE_SERVICE_KEY, SUPABASE_PUBLISHABLE_KEYS
// (the same form) and SUPABASE_ANON_KEY and SUPABASE_KEY, SUPABASE_JWKS, SUPABASE_JWKS_URL, and
// FABULA_ENV, FABULA_JWT_SECRET, FABULA_PREVIOUS_JWT_SECRET, FABULA_JWT_ISSUER (instead of
// SUPABASE_URL/auth/v1, where functions reach Supabase by another name than its tokens bear) and
// FABULA_ISSUERS (see issuer.hpp), FABULA_PLAN_CLAIM (see plan_claim.hpp). In development a token
// may lack its issuer, and issuers' keys may come over http.
//
// internal_error, with the setting at fault as cause, when a needed one is missing or cannot be
// right: no URL, no secret key, key lists that are no JSON, an unknown FABULA_ENV, an HS256 secret
// that is a public key or, in production, shorter than 32 bytes (RFC 7518, section 3.2), issuers
// that have a fault (issuers_fault), and a plan's claim that has one (plan_claim_fault).
Result<Settings> read_settings(settings::Values& values);

}  // namespace fabula::auth
