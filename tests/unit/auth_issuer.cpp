#include "shared/auth/issuer.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;
using json::Document;

namespace {

constexpr std::int64_t kNowS = 1'795'246'260;
constexpr std::string_view kSupabase = "https://a.supabase.co/auth/v1";

// The usual set-up for Auth0 and for Clerk.
const Document kAuth0 = {{"issuer", "https://tenant.eu.auth0.com/"},
                         {"jwks_url", "https://tenant.eu.auth0.com/.well-known/jwks.json"},
                         {"audience", "https://api.example"}};
const Document kClerk = {
    {"issuer", "https://clerk.example"},
    {"jwks_url", "https://clerk.example/.well-known/jwks.json"},
    {"audience", nullptr},
    {"authorized_parties", {"https://example.com", "https://app.example.com"}}};

Document with(Document object, std::string_view name, Document value) {
  object[std::string(name)] = std::move(value);
  return object;
}

Document without(Document object, std::string_view name) {
  object.erase(std::string(name));
  return object;
}

std::string fault_of(const Document& issuers, bool is_http_allowed = false) {
  return auth::issuers_fault(issuers, kSupabase, is_http_allowed);
}

std::string fault_with(std::string_view name, Document value) {
  return fault_of(Document::array({with(kAuth0, name, std::move(value))}));
}

Document claims_of(const Document& issuer, Document more = Document::object()) {
  Document claims = {{"iss", issuer["issuer"]},
                     {"sub", "user_2abcDEF"},
                     {"exp", kNowS + 60},
                     {"iat", kNowS},
                     {"nbf", kNowS}};
  claims.update(more);
  return claims;
}

Result<std::string> check(const Document& claims, const Document& issuer) {
  const auto parsed = auth::parse_claims(json::dump(claims));
  REQUIRE(parsed);
  return auth::check_issuer_claims(*parsed, issuer, kNowS * 1000);
}

const Document kAuth0Claims =
    claims_of(kAuth0, {{"aud", {"https://api.example", "https://tenant.eu.auth0.com/userinfo"}},
                       {"azp", "a client"}});
const Document kClerkClaims = claims_of(kClerk, {{"azp", "https://example.com"}});

ErrorCode code_of(const Result<std::string>& subject) {
  REQUIRE_FALSE(subject);
  CHECK_FALSE(subject.error().detail.empty());
  return subject.error().code;
}

ErrorCode code_with(std::string_view name, Document value) {
  return code_of(check(with(kAuth0Claims, name, std::move(value)), kAuth0));
}

}  // namespace

TEST_CASE("issuers are an array, of none or some") {
  CHECK(fault_of(Document::array()).empty());
  CHECK(fault_of(Document::array({kAuth0, kClerk})).empty());
  CHECK(fault_of(Document::array({with(kAuth0, "audience", {"a", "b"})})).empty());
  CHECK(fault_of(Document::array({with(kClerk, "authorized_parties", "https://a")})).empty());
  for (const auto& bad : {Document(), Document(1), Document("x"), Document::object(), kAuth0}) {
    CHECK(fault_of(bad) == "is no JSON array");
  }
}

TEST_CASE("an issuer has a name, keys over https and says what its tokens' audience is") {
  for (const auto& bad :
       {Document(), Document(""), Document(1), Document("a\nb"), Document("\x7F"),
        Document(std::string(513, 'a')), Document("supabase"), Document(kSupabase)}) {
    CHECK(fault_with("issuer", bad).find("whose issuer") != std::string::npos);
  }
  for (const auto* bad : {"", "clerk.example", "ftp://clerk.example", "http://clerk.example/keys",
                          "http://127.0.0.1/keys", "https://user@clerk.example"}) {
    CHECK(fault_with("jwks_url", bad).find("whose jwks_url") != std::string::npos);
  }
  for (const auto& bad :
       {Document(""), Document(1), Document::array(), Document::array({"a", ""}),
        Document::array({1}), Document::array({Document::array({"a"})}), Document::object()}) {
    CHECK(fault_with("audience", bad).find("whose audience") != std::string::npos);
    CHECK(fault_with("authorized_parties", bad).find("whose authorized_parties") !=
          std::string::npos);
  }
  CHECK_FALSE(fault_with("authorized_parties", nullptr).empty());
  for (const auto* name : {"issuer", "jwks_url", "audience"}) {
    CHECK(fault_of(Document::array({without(kAuth0, name)})).find(name) != std::string::npos);
  }
  for (const auto& bad : {Document(), Document(1), Document("x"), Document::array()}) {
    CHECK_FALSE(fault_of(Document::array({kAuth0, bad})).empty());
  }
}

TEST_CASE("members that nobody would look at, and issuers that are there twice, are faults") {
  CHECK_FALSE(fault_with("audiences", "x").empty());
  CHECK_FALSE(fault_with("authorised_parties", "x").empty());
  CHECK_FALSE(fault_of(Document::array({kAuth0, kClerk, kAuth0})).empty());
  CHECK(fault_of(Document::array({kAuth0, with(kAuth0, "issuer", "https://tenant.eu.auth0.com")}))
            .empty());
}

TEST_CASE("keys may come over http only where that is allowed") {
  const auto local = Document::array({with(kAuth0, "jwks_url", "http://127.0.0.1:9/keys")});
  CHECK(fault_of(local, true).empty());
  CHECK_FALSE(fault_of(local, false).empty());
}

TEST_CASE("the issuer is found by its whole name") {
  const auto issuers = Document::array({kAuth0, kClerk});
  CHECK(auth::find_issuer(issuers, "https://tenant.eu.auth0.com/") == &issuers[0]);
  CHECK(auth::find_issuer(issuers, "https://clerk.example") == &issuers[1]);
  for (const auto* other : {"https://tenant.eu.auth0.com", "https://clerk.example/", "", "clerk",
                            "HTTPS://clerk.example"}) {
    CHECK_FALSE(auth::find_issuer(issuers, other));
  }
  CHECK_FALSE(auth::find_issuer(issuers, std::nullopt));
  CHECK_FALSE(auth::find_issuer(Document::array(), "https://clerk.example"));
}

TEST_CASE("the subject is given as the issuer writes it") {
  CHECK(check(kAuth0Claims, kAuth0) == "user_2abcDEF");
  CHECK(check(kClerkClaims, kClerk) == "user_2abcDEF");
  const std::string umlauts = [] {
    std::string text;
    for (int i = 0; i < 255; ++i) text += "ü";
    return text;
  }();
  for (const std::string& subject :
       {std::string("auth0|5f7c8ec7c33c6c004bbafe82"), std::string(255, 'a'), umlauts,
        std::string("123E4567-E89B-12D3-A456-426614174000"), std::string(" x ")}) {
    CHECK(check(with(kAuth0Claims, "sub", subject), kAuth0) == subject);
  }
  for (const std::string& bad :
       {std::string(), std::string(256, 'a'), umlauts + "ü", std::string("a\nb"),
        std::string("a\0b", 3), std::string("\x1F"), std::string("\x7F")}) {
    CHECK(code_with("sub", bad) == ErrorCode::invalid_token);
  }
  CHECK(code_of(check(without(kAuth0Claims, "sub"), kAuth0)) == ErrorCode::invalid_token);
}

TEST_CASE("the issuer must be the one whose keys are used") {
  CHECK(code_with("iss", "https://tenant.eu.auth0.com") == ErrorCode::invalid_token);
  CHECK(code_with("iss", kClerk["issuer"]) == ErrorCode::invalid_token);
  CHECK(code_of(check(without(kAuth0Claims, "iss"), kAuth0)) == ErrorCode::invalid_token);
}

TEST_CASE("one of the token's audiences must be one of those that are expected") {
  const auto several = with(kAuth0, "audience", {"one", "two"});
  CHECK(check(with(kAuth0Claims, "aud", "two"), several));
  CHECK(check(with(kAuth0Claims, "aud", {"three", "one"}), several));
  CHECK(code_of(check(with(kAuth0Claims, "aud", "three"), several)) == ErrorCode::invalid_token);
  CHECK(code_with("aud", "https://api.example/") == ErrorCode::invalid_token);
  CHECK(code_with("aud", "") == ErrorCode::invalid_token);
  CHECK(code_with("aud", Document::array()) == ErrorCode::invalid_token);
  CHECK(code_of(check(without(kAuth0Claims, "aud"), kAuth0)) == ErrorCode::invalid_token);
}

TEST_CASE("where tokens have no audience, one that has is for somebody else") {
  CHECK(check(with(kClerkClaims, "aud", Document::array()), kClerk));
  CHECK(code_of(check(with(kClerkClaims, "aud", "convex"), kClerk)) == ErrorCode::invalid_token);
  CHECK(code_of(check(with(kClerkClaims, "aud", ""), kClerk)) == ErrorCode::invalid_token);
}

TEST_CASE("a token made for another web page is refused, one made for none is not") {
  CHECK(check(with(kClerkClaims, "azp", "https://app.example.com"), kClerk));
  CHECK(check(without(kClerkClaims, "azp"), kClerk));
  for (const auto* other : {"https://evil.example.com", "", "https://example.com/"}) {
    CHECK(code_of(check(with(kClerkClaims, "azp", other), kClerk)) == ErrorCode::invalid_token);
  }
  CHECK(check(with(kClerkClaims, "azp", "any"), without(kClerk, "authorized_parties")));
}

TEST_CASE("an issuer's token ends and begins when it says") {
  CHECK(check(with(kAuth0Claims, "exp", kNowS - 29), kAuth0));
  CHECK(code_with("exp", kNowS - 30) == ErrorCode::token_expired);
  CHECK(code_of(check(without(kAuth0Claims, "exp"), kAuth0)) == ErrorCode::invalid_token);
  for (const auto* name : {"nbf", "iat"}) {
    CHECK(check(with(kAuth0Claims, name, kNowS + 30), kAuth0));
    CHECK(code_with(name, kNowS + 31) == ErrorCode::invalid_token);
  }
}

TEST_CASE("Supabase's own claims mean nothing from another issuer, whatever their type") {
  for (const auto& role :
       {Document("anon"), Document("service_role"), Document(1), Document::array({"admin"})}) {
    CHECK(check(with(kAuth0Claims, "role", role), kAuth0));
  }
  CHECK(check(with(kAuth0Claims, "is_anonymous", "yes"), kAuth0));
}

TEST_CASE("whatever is configured, it is refused or can be asked") {
  tests::Mutations mutations({json::dump(Document::array({kAuth0, kClerk})), "[]", "[{}]",
                              json::dump(Document::array({with(kAuth0, "audience", {"a"})}))});
  const auto claims = auth::parse_claims(json::dump(kClerkClaims));
  int right = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto issuers = json::parse(mutations.next());
    if (!issuers || !fault_of(*issuers).empty()) continue;
    ++right;
    for (const auto& issuer : *issuers) {
      const auto subject = auth::check_issuer_claims(*claims, issuer, kNowS * 1000);
      if (subject) REQUIRE(issuer["issuer"] == kClerk["issuer"]);
    }
  }
  CHECK(right > 1000);
}
