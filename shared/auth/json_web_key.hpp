// One public JSON Web Key (RFC 7517; RFC 7518, section 6), if we can use it.
#pragma once

#include <cstddef>
#include <optional>

#include "shared/auth/verification_key.hpp"
#include "shared/json/document.hpp"

namespace fabula::auth {

struct PublicKey {
  VerificationKey verification;
  std::size_t signature_bytes;  // the length of every signature that it can verify
};

// Nothing unless the key is a well-formed EC key on P-256 or RSA key of 2048 to 8192 bits, and its
// `use`, `key_ops` and `alg` allow it to verify ES256 or RS256.
std::optional<PublicKey> read_public_key(const json::Document& key);

}  // namespace fabula::auth
