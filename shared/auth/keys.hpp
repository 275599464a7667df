// Which keys may verify a token. The key decides the algorithm, never the token: a token only names
// one and is refused when no key of ours is for it (RFC 8725, section 3.1). The host verifies.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "shared/auth/jws.hpp"
#include "shared/auth/verification_key.hpp"
#include "shared/result/result.hpp"

namespace fabula::auth {

// What the deployment trusts; views need to live during the call only.
struct KeySources {
  std::string_view jwks;          // a JSON Web Key Set (RFC 7517), or empty
  std::string_view hs256_secret;  // empty: HS256 is refused
};

// A token without `kid` is tried against so many keys at most.
inline constexpr std::size_t kMaximumCandidates = 4;

// The keys to try in turn; the token is right if one verifies it. Empty: the set holds no key of
// that id (without an id: of that algorithm), so the caller may fetch the set anew, once, and must
// then refuse. invalid_token: refused whatever is fetched, because the algorithm is `none`, not
// supported or without a configured secret, because the key named is for something else, or because
// the signature has the wrong length. internal_error: the set is no JSON Web Key Set.
//
// `use`, `key_ops` and `alg` of a key are respected; keys of other kinds are passed over.
Result<std::vector<VerificationKey>> candidate_keys(const Jws& token, const KeySources& sources);

// For the caller whose fetched set holds no such key either, or whose host found every signature
// wrong.
tl::unexpected<Problem> unverified_token();

}  // namespace fabula::auth
