// Selects the keys that may verify a token. The key decides the algorithm, never the token: a token
// only names one and is refused when no key of ours is for it (RFC 8725, section 3.1). The host
// verifies the signature.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "shared/auth/jws.hpp"
#include "shared/auth/verification_key.hpp"
#include "shared/result/result.hpp"

namespace fabula::auth {

// The keys that the deployment trusts; views need to live during the call only.
struct KeySources {
  std::string_view jwks;  // a JSON Web Key Set (RFC 7517), or empty
  // Either may sign; without both HS256 is refused.
  std::string_view hs256_secret;
  std::string_view previous_hs256_secret = {};
};

// A token without `kid` is tried against at most this many keys.
inline constexpr std::size_t kMaximumCandidates = 4;

// The keys to try in turn; the token is valid if one of them verifies it. Empty: the set has no key
// with that id (without an id: for that algorithm), so the caller may fetch the set again, once,
// and must then refuse. invalid_token: no fetched set could help, because the algorithm is `none`,
// unsupported or without a configured secret, because the named key is for another purpose, or
// because the signature has the wrong length. internal_error: the set is no JSON Web Key Set.
//
// `use`, `key_ops` and `alg` of a key are respected; keys of other kinds are skipped.
Result<std::vector<VerificationKey>> candidate_keys(const Jws& token, const KeySources& sources);

// For callers whose fetched set has no such key either, or whose host found every signature wrong.
tl::unexpected<Problem> unverified_token();

}  // namespace fabula::auth
