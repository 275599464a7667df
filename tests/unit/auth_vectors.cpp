// Wycheproof's JSON Web Signature vectors, decided as far as it goes without cryptography: which
// tokens are refused outright, and with which key and algorithm a host must verify the others.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "shared/auth/jws.hpp"
#include "shared/auth/keys.hpp"
#include "shared/json/document.hpp"
#include "shared/text/base64url.hpp"

using namespace fabula;

namespace {

// Verdicts that are wrong. 367 and 370 have exactly the text of 357, which is `valid`; 372 and 373
// contain a `?` inside a part and are marked `valid`, which RFC 7515, section 2 forbids.
const std::set<std::int64_t> kImpossible = {367, 370, 372, 373};

json::Document read_vectors() {
  std::ifstream file(FABULA_SOURCE_DIR "/tests/vectors/json_web_signature_test.json");
  auto document = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  REQUIRE(document);
  return std::move(*document);
}

// The keys of a deployment that trusts only this group's key.
struct Trust {
  std::string jwks;
  std::string secret;
  std::string algorithm;  // that the key is for; empty if we support none for it

  auth::KeySources sources() const { return {jwks, secret}; }
};

Trust trust_of(const json::Document& group) {
  const auto* key = json::find(group, "public");
  if (!key) key = json::find(group, "private");
  REQUIRE(key);
  const auto named = std::string(json::string_at(*key, "alg").value_or(""));
  Trust trust;
  if (const auto secret = json::string_at(*key, "k")) {
    trust.secret = *text::decode_base64url(*secret);
  }
  auto set = json::Document::object();
  set["keys"] = json::Document::array({*key});
  trust.jwks = json::dump(set);
  if (named == "HS256" || named == "ES256" || named == "RS256") trust.algorithm = named;
  return trust;
}

std::string_view name_of(auth::SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case auth::SignatureAlgorithm::es256:
      return "ES256";
    case auth::SignatureAlgorithm::rs256:
      return "RS256";
    case auth::SignatureAlgorithm::hs256:
      return "HS256";
  }
  return {};
}

enum class Verdict { refused, unknown_key, to_verify };

Verdict verdict_of(const Trust& trust, std::string_view token) {
  const auto jws = auth::parse_jws(token);
  if (!jws) return Verdict::refused;
  const auto keys = auth::candidate_keys(*jws, trust.sources());
  if (!keys) return Verdict::refused;
  if (keys->empty()) return Verdict::unknown_key;
  REQUIRE(keys->size() == 1);
  CHECK(name_of(keys->front().algorithm) == trust.algorithm);
  CHECK(jws->algorithm == trust.algorithm);
  CHECK(token.starts_with(jws->signing_input));
  return Verdict::to_verify;
}

}  // namespace

TEST_CASE("every vector is refused, or verified with the algorithm of the group's key") {
  const auto vectors = read_vectors();
  int to_verify = 0;
  int refused = 0;
  int unknown = 0;
  for (const auto& group : *json::find(vectors, "testGroups")) {
    const auto trust = trust_of(group);
    for (const auto& test : *json::find(group, "tests")) {
      const auto id = *json::integer_at(test, "tcId");
      const bool is_valid = *json::string_at(test, "result") == "valid";
      CAPTURE(id);
      const auto verdict = verdict_of(trust, *json::string_at(test, "jws"));
      to_verify += verdict == Verdict::to_verify ? 1 : 0;
      refused += verdict == Verdict::refused ? 1 : 0;
      unknown += verdict == Verdict::unknown_key ? 1 : 0;
      if (trust.algorithm.empty()) CHECK(verdict != Verdict::to_verify);
      if (is_valid && !trust.algorithm.empty() && !kImpossible.contains(id)) {
        CHECK(verdict == Verdict::to_verify);
      }
    }
  }
  CHECK(to_verify + refused + unknown == 401);
  CHECK(unknown == 2);  // "rejectsModifiedHeader" of ES256 and RS256: another kid
}

TEST_CASE("what is wrong with a vector's form, algorithm or key is found without cryptography") {
  // By Wycheproof's names for the tests.
  const std::set<std::string_view> structural = {
      "rejectsMissingSignature",
      "rejectsMissingSignatureAndSeparator",
      "rejectsMissingPayloadAndSeparator",
      "rejectsMissingHeader",
      "rejectsMissingHeaderAndSeparator",
      "rejectsMissingHeaderAndSignature",
      "rejectsMissingHeaderSignatureAndSeparator",
      "rejectsMissingHeaderSignatureAndSeparators",
      "rejectsEmptyString",
      "rejectsExtraEmptyComponent",
      "rejectsExtraComponent",
      "rejectsNoneAlgorithmAndMissingSignature",
      "rejectsValidJsonSerialization",
      "rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes",
      "rejectWrongUse",
      "rejectWrongKeyOps",
      "algIsNone",
      "UsingRS256",
      "UsingRS384",
      "UsingRS512",
      "UsingPS256",
      "UsingPS384",
      "rejectsSpacesInMac",
      "rejectsInvalidCharacterInsertedInMac",
      "rejects0ReplacedbyInvalidCharacter",
      "rejectsInvalidCharacters",
      "spacesInHeader",
      "invalidCharactersInHeader",
      "spacesInPayload",
      "invalidCharactersInPayload",
      "InvalidCharacterInPayload",
      "ModifiedUnusedBitsInPayload",
      "MacOfIncorrectlyEncodedMessage",
      "SignatureTooLong",
      "TrailingZeros",
      "RisTooBig",
      "SisTooBig",
      "IntegerOverflow",
      "BufferOverflow",
      "InvalidCharacterInsertedInHeader",
      "InvalidCharacterInsertedInPayload",
  };
  std::set<std::string_view> seen;
  const auto vectors = read_vectors();
  for (const auto& group : *json::find(vectors, "testGroups")) {
    const auto trust = trust_of(group);
    for (const auto& test : *json::find(group, "tests")) {
      const auto name = *json::string_at(test, "comment");
      if (!structural.contains(name)) continue;
      seen.insert(name);
      CAPTURE(name);
      CHECK(verdict_of(trust, *json::string_at(test, "jws")) == Verdict::refused);
    }
  }
  CHECK(seen == structural);
}
