// The key that a host's cryptography gets to verify a signature with.
#pragma once

#include <cstdint>
#include <string>

namespace fabula::auth {

enum class SignatureAlgorithm : std::uint8_t {
  es256,  // ECDSA on P-256 with SHA-256
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more
  hs256,  // HMAC with SHA-256
};

struct VerificationKey {
  SignatureAlgorithm algorithm;
  // For es256 and rs256 a JSON Web Key with only the public members, ready for WebCrypto; for hs256
  // the secret itself.
  std::string key;
};

}  // namespace fabula::auth
