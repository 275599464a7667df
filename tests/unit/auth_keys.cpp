#include "shared/auth/keys.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"
#include "shared/text/base64url.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;
using auth::SignatureAlgorithm;

namespace {

const std::string kSecret = "a secret of at least thirty-two bytes";
const std::string kX = text::encode_base64url(std::string(32, '\x11'));
const std::string kY = text::encode_base64url(std::string(32, '\x22'));
const std::string kModulus = text::encode_base64url(std::string(256, '\xC3'));

json::Document ec_key(std::string_view id) {
  return {{"kty", "EC"}, {"crv", "P-256"}, {"x", kX}, {"y", kY}, {"kid", id}};
}

json::Document rsa_key(std::string_view id) {
  return {{"kty", "RSA"}, {"n", kModulus}, {"e", "AQAB"}, {"kid", id}};
}

json::Document with(json::Document key, std::string_view name, json::Document value) {
  key[std::string(name)] = std::move(value);
  return key;
}

std::string set_of(std::initializer_list<json::Document> keys) {
  auto list = json::Document::array();
  for (const auto& key : keys) list.push_back(key);
  auto set = json::Document::object();
  set["keys"] = std::move(list);
  return json::dump(set);
}

auth::Jws token_for(std::string_view algorithm, std::optional<std::string> key_id,
                    std::size_t signature_bytes = 64) {
  return {std::string(algorithm), std::move(key_id), "{}", "a.b",
          std::string(signature_bytes, 's')};
}

auth::Jws es256(std::optional<std::string> key_id) { return token_for("ES256", key_id, 64); }
auth::Jws rs256(std::optional<std::string> key_id) { return token_for("RS256", key_id, 256); }
auth::Jws hs256(std::optional<std::string> key_id) { return token_for("HS256", key_id, 32); }

void check_refused(const auth::Jws& token, std::string_view jwks, std::string_view secret = "") {
  CAPTURE(jwks);
  const auto keys = auth::candidate_keys(token, {jwks, secret});
  REQUIRE_FALSE(keys);
  CHECK(keys.error().code == ErrorCode::invalid_token);
}

void check_unknown(const auth::Jws& token, std::string_view jwks) {
  CAPTURE(jwks);
  const auto keys = auth::candidate_keys(token, {jwks, {}});
  REQUIRE(keys);
  CHECK(keys->empty());
}

// The one key of `token` in a set of just `key`.
auth::VerificationKey key_for(const auth::Jws& token, const json::Document& key) {
  const auto keys = auth::candidate_keys(token, {set_of({key}), {}});
  REQUIRE(keys);
  REQUIRE(keys->size() == 1);
  return keys->front();
}

}  // namespace

TEST_CASE("the key named by the token is given with only its public members") {
  auto key = with(with(ec_key("a"), "d", "private"), "key_ops", {"verify"});
  const auto chosen = key_for(es256("a"), with(key, "ext", true));
  CHECK(chosen.algorithm == SignatureAlgorithm::es256);
  CHECK(chosen.key == R"({"kty":"EC","crv":"P-256","x":")" + kX + R"(","y":")" + kY + R"("})");
  const auto rsa = key_for(rs256("a"), rsa_key("a"));
  CHECK(rsa.algorithm == SignatureAlgorithm::rs256);
  CHECK(rsa.key == R"({"kty":"RSA","n":")" + kModulus + R"(","e":"AQAB"})");
}

TEST_CASE("a token whose key the set lacks is unknown, so the set may be fetched anew") {
  check_unknown(es256("other"), set_of({ec_key("a"), rsa_key("b")}));
  check_unknown(es256("a"), set_of({}));
  check_unknown(es256("a"), "");
  check_unknown(es256(std::nullopt), set_of({rsa_key("b")}));
  check_unknown(es256("A"), set_of({ec_key("a")}));
}

TEST_CASE("a key that is named but is for something else refuses the token") {
  check_refused(rs256("a"), set_of({ec_key("a")}));
  check_refused(es256("a"), set_of({rsa_key("a")}));
  check_refused(es256("a"), set_of({with(ec_key("a"), "use", "enc")}));
  check_refused(es256("a"), set_of({with(ec_key("a"), "use", 1)}));
  check_refused(es256("a"), set_of({with(ec_key("a"), "key_ops", {"encrypt"})}));
  check_refused(es256("a"), set_of({with(ec_key("a"), "key_ops", "verify")}));
  check_refused(es256("a"), set_of({with(ec_key("a"), "alg", "ES384")}));
  check_refused(rs256("a"), set_of({with(rsa_key("a"), "alg", "PS256")}));
  check_refused(rs256("a"), set_of({with(rsa_key("a"), "alg", nullptr)}));
}

TEST_CASE("a key whose use, operations and alg fit is taken") {
  key_for(es256("a"), with(ec_key("a"), "use", "sig"));
  key_for(es256("a"), with(ec_key("a"), "key_ops", {"sign", "verify"}));
  key_for(es256("a"), with(ec_key("a"), "alg", "ES256"));
  key_for(rs256("a"), with(rsa_key("a"), "alg", "RS256"));
}

TEST_CASE("malformed and weak keys are never used") {
  const auto bytes = [](std::size_t count, char first) {
    return text::encode_base64url(first + std::string(count - 1, '\xC3'));
  };
  for (const auto& key :
       {with(ec_key("a"), "crv", "P-384"), with(ec_key("a"), "crv", nullptr),
        with(ec_key("a"), "x", bytes(31, 'x')), with(ec_key("a"), "y", bytes(33, 'y')),
        with(ec_key("a"), "x", kX + "="), with(ec_key("a"), "x", 1), with(ec_key("a"), "kty", "ec"),
        with(ec_key("a"), "kty", "OKP")}) {
    check_refused(es256("a"), set_of({key}));
  }
  for (const auto& key :
       {with(rsa_key("a"), "n", bytes(255, '\xC3')), with(rsa_key("a"), "n", bytes(256, '\x7F')),
        with(rsa_key("a"), "n", text::encode_base64url(std::string(256, '\0'))),
        with(rsa_key("a"), "n", ""), with(rsa_key("a"), "n", nullptr), with(rsa_key("a"), "e", ""),
        with(rsa_key("a"), "e", "AQ"), with(rsa_key("a"), "e", "Ag"),
        with(rsa_key("a"), "e", "AAAA"), with(rsa_key("a"), "e", bytes(5, '\x01'))}) {
    check_refused(rs256("a"), set_of({key}));
  }
  check_refused(token_for("RS256", "a", 1025),
                set_of({with(rsa_key("a"), "n", bytes(1025, '\xC3'))}));
}

TEST_CASE("an RSA key loses the leading zeros that its numbers must not have") {
  const auto padded = std::string(1, '\0') + std::string(256, '\xC3');
  auto key = with(rsa_key("a"), "n", text::encode_base64url(padded));
  key["e"] = text::encode_base64url(std::string_view("\0\1\0\1", 4));
  CHECK(key_for(rs256("a"), key).key == key_for(rs256("a"), rsa_key("a")).key);
}

TEST_CASE("a signature of the wrong length is refused before any cryptography") {
  const auto jwks = set_of({ec_key("a"), rsa_key("b")});
  check_refused(token_for("ES256", "a", 63), jwks);
  check_refused(token_for("ES256", "a", 65), jwks);
  check_refused(token_for("ES256", "a", 70), jwks);
  check_refused(token_for("RS256", "b", 255), jwks);
  check_refused(token_for("RS256", "b", 257), jwks);
  check_refused(token_for("HS256", std::nullopt, 31), jwks, kSecret);
  check_refused(token_for("ES256", std::nullopt, 63), jwks);
}

TEST_CASE("without a key id up to four keys of the algorithm are tried") {
  const auto jwks = set_of({rsa_key("r"), ec_key("1"), with(ec_key("2"), "use", "enc"), ec_key("3"),
                            ec_key("4"), ec_key("5"), ec_key("6")});
  const auto keys = auth::candidate_keys(es256(std::nullopt), {jwks, {}});
  REQUIRE(keys);
  CHECK(keys->size() == auth::kMaximumCandidates);
  for (const auto& key : *keys) CHECK(key.algorithm == SignatureAlgorithm::es256);
  CHECK(auth::candidate_keys(rs256(std::nullopt), {jwks, {}})->size() == 1);
}

TEST_CASE("keys that share an id are all tried if they are of the algorithm") {
  const auto jwks = set_of({rsa_key("a"), ec_key("a"), ec_key("a")});
  CHECK(auth::candidate_keys(es256("a"), {jwks, {}})->size() == 2);
  CHECK(auth::candidate_keys(rs256("a"), {jwks, {}})->size() == 1);
}

TEST_CASE("the HS256 secret that was used before is tried as well, after the new one") {
  const std::string previous = "the secret of at least thirty-two bytes before";
  const auto both = auth::candidate_keys(hs256({}), {{}, kSecret, previous});
  REQUIRE(both);
  REQUIRE(both->size() == 2);
  CHECK(both->at(0).key == kSecret);
  CHECK(both->at(1).key == previous);
  const auto only_previous = auth::candidate_keys(hs256({}), {{}, {}, previous});
  REQUIRE(only_previous);
  REQUIRE(only_previous->size() == 1);
  CHECK(only_previous->front().key == previous);
}

TEST_CASE("HS256 needs the configured secret and takes no key of the set") {
  const auto jwks = set_of(
      {ec_key("a"), rsa_key("b"), json::Document{{"kty", "oct"}, {"k", "AAAA"}, {"kid", "c"}}});
  for (const auto* id : {"a", "b", "c", "d"}) check_refused(hs256(id), jwks);
  for (const auto& id : {std::optional<std::string>("a"), std::optional<std::string>("d"),
                         std::optional<std::string>()}) {
    const auto keys = auth::candidate_keys(hs256(id), {jwks, kSecret});
    REQUIRE(keys);
    REQUIRE(keys->size() == 1);
    CHECK(keys->front().algorithm == SignatureAlgorithm::hs256);
    CHECK(keys->front().key == kSecret);
  }
}

TEST_CASE("no algorithm but the three is taken, in no spelling") {
  const auto jwks = set_of({ec_key("a"), rsa_key("b")});
  for (const std::string_view name :
       {"none", "None", "NONE", "nOnE", "", "es256", "Es256", "ES384", "ES512", "ES256K", "RS384",
        "RS512", "PS256", "HS384", "HS512", "EdDSA", "RS256 ", "ES256\n"}) {
    CAPTURE(name);
    check_refused(token_for(name, "a"), jwks, kSecret);
    check_refused(token_for(name, std::nullopt), jwks, kSecret);
  }
}

TEST_CASE("a set that is none is the deployment's fault") {
  for (const std::string_view bad : {"x", "[]", "{}", R"({"keys":{}})", "null", "<html>", "\xFF"}) {
    CAPTURE(bad);
    const auto keys = auth::candidate_keys(es256("a"), {bad, {}});
    REQUIRE_FALSE(keys);
    CHECK(keys.error().code == ErrorCode::internal_error);
    CHECK(auth::candidate_keys(hs256("a"), {bad, kSecret}));
  }
}

TEST_CASE("entries that are no keys are passed over") {
  auto jwks = set_of({json::Document(), json::Document(1), json::Document("x"),
                      json::Document::array(), json::Document::object(), ec_key("a")});
  CHECK(auth::candidate_keys(es256("a"), {jwks, {}})->size() == 1);
  CHECK(auth::candidate_keys(es256(std::nullopt), {jwks, {}})->size() == 1);
}

TEST_CASE("whatever the set, a key is never for another algorithm than the token's") {
  tests::Mutations mutations({set_of({ec_key("a"), rsa_key("a")}),
                              set_of({with(ec_key("a"), "use", "sig")}),
                              set_of({with(rsa_key("a"), "alg", "RS256")})});
  int chosen = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto jwks = mutations.next();
    for (const auto& token : {es256("a"), rs256("a"), rs256(std::nullopt)}) {
      const auto keys = auth::candidate_keys(token, {jwks, {}});
      if (!keys) continue;
      for (const auto& key : *keys) {
        ++chosen;
        const bool is_ec = key.key.starts_with(R"({"kty":"EC")");
        REQUIRE(is_ec == (token.algorithm == "ES256"));
        REQUIRE(json::parse(key.key));
      }
    }
  }
  CHECK(chosen > 1000);
}
