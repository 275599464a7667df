#include "shared/auth/keys.hpp"

#include <optional>
#include <utility>

#include "shared/auth/json_web_key.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/json/document.hpp"

namespace fabula::auth {
namespace {

constexpr std::size_t kHs256SignatureBytes = 32;

std::optional<SignatureAlgorithm> algorithm_named(std::string_view name) {
  if (name == "ES256") return SignatureAlgorithm::es256;
  if (name == "RS256") return SignatureAlgorithm::rs256;
  if (name == "HS256") return SignatureAlgorithm::hs256;
  return std::nullopt;
}

Result<std::vector<VerificationKey>> secret_candidates(const Jws& token,
                                                       const KeySources& sources) {
  std::vector<VerificationKey> candidates;
  for (const auto secret : {sources.hs256_secret, sources.previous_hs256_secret}) {
    if (secret.empty()) continue;
    candidates.push_back({SignatureAlgorithm::hs256, std::string(secret)});
  }
  if (candidates.empty()) {
    return refused_token("the token's alg is HS256 and no secret is configured");
  }
  if (token.signature.size() != kHs256SignatureBytes) {
    return refused_token("the token's signature has the wrong length");
  }
  return candidates;
}

Result<std::vector<VerificationKey>> public_candidates(const Jws& token,
                                                       SignatureAlgorithm algorithm,
                                                       std::string_view jwks) {
  std::vector<VerificationKey> candidates;
  if (jwks.empty()) return candidates;
  const auto set = json::parse(jwks);
  const auto* keys = set ? json::find(*set, "keys") : nullptr;
  if (!keys || !keys->is_array()) {
    return problem(ErrorCode::internal_error, "The token could not be checked. Try again later.",
                   "the JWKS is no JSON Web Key Set");
  }

  bool is_known = false;
  for (const auto& entry : *keys) {
    if (token.key_id && json::string_at(entry, "kid") != *token.key_id) continue;
    auto key = read_public_key(entry);
    // A key named by its id is the answer even if it cannot serve; without an id it is no match.
    const bool is_for_token = key && key->verification.algorithm == algorithm;
    is_known = is_known || token.key_id || is_for_token;
    if (!is_for_token || key->signature_bytes != token.signature.size()) continue;
    candidates.push_back(std::move(key->verification));
    if (candidates.size() == kMaximumCandidates) break;
  }
  if (is_known && candidates.empty()) {
    return refused_token(
        "the key of the token is not for its alg or not for its signature's length");
  }
  return candidates;
}

}  // namespace

Result<std::vector<VerificationKey>> candidate_keys(const Jws& token, const KeySources& sources) {
  const auto algorithm = algorithm_named(token.algorithm);
  if (!algorithm) return refused_token("the token's alg is none of ES256, RS256 and HS256");
  if (*algorithm == SignatureAlgorithm::hs256) return secret_candidates(token, sources);
  return public_candidates(token, *algorithm, sources.jwks);
}

tl::unexpected<Problem> unverified_token() {
  return refused_token("no key of ours verifies the token's signature");
}

}  // namespace fabula::auth
