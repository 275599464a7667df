#include "shared/auth/jwt.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

constexpr std::string_view kUser = "123e4567-e89b-12d3-a456-426614174000";
constexpr std::int64_t kNowS = 1'795'246'260;

const auth::ClaimExpectations kExpectations = {
    {"https://a.supabase.co/auth/v1"}, false, "authenticated"};

// A user's token as GoTrue writes it.
json::Document user_claims() {
  return {{"iss", "https://a.supabase.co/auth/v1"},
          {"sub", kUser},
          {"aud", "authenticated"},
          {"exp", kNowS + 3600},
          {"iat", kNowS},
          {"role", "authenticated"},
          {"email", "a@b.example"},
          {"is_anonymous", false}};
}

Result<std::optional<auth::TokenUser>> check_with(
    const json::Document& claims, const auth::ClaimExpectations& expectations = kExpectations) {
  const auto parsed = auth::parse_claims(json::dump(claims));
  REQUIRE(parsed);
  return auth::check_claims(*parsed, expectations, kNowS * 1000);
}

Result<std::optional<auth::TokenUser>> check_changed(std::string_view name, json::Document value) {
  auto claims = user_claims();
  claims[std::string(name)] = std::move(value);
  return check_with(claims);
}

Result<std::optional<auth::TokenUser>> check_without(std::string_view name) {
  auto claims = user_claims();
  claims.erase(std::string(name));
  return check_with(claims);
}

ErrorCode code_of(const Result<std::optional<auth::TokenUser>>& result) {
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().detail.empty());
  return result.error().code;
}

}  // namespace

TEST_CASE("a user's token names the user") {
  const auto user = check_with(user_claims());
  REQUIRE(user);
  REQUIRE(*user);
  CHECK((*user)->id == kUser);
  CHECK_FALSE((*user)->is_anonymous);
}

TEST_CASE("a Supabase user who has not signed up is a user, and known as anonymous") {
  const auto user = check_changed("is_anonymous", true);
  REQUIRE(user);
  REQUIRE(*user);
  CHECK((*user)->is_anonymous);
}

TEST_CASE("the subject is a UUID and is given in lower case") {
  CHECK((*check_changed("sub", "123E4567-E89B-12D3-A456-426614174000"))->id == kUser);
  CHECK(code_of(check_changed("sub", "user_2abc")) == ErrorCode::invalid_token);
  CHECK(code_of(check_changed("sub", "")) == ErrorCode::invalid_token);
  CHECK(code_of(check_without("sub")) == ErrorCode::invalid_token);
}

TEST_CASE("a token ends at exp plus 30 seconds, and must have one") {
  CHECK(check_changed("exp", kNowS + 1));
  CHECK(check_changed("exp", kNowS));
  CHECK(check_changed("exp", kNowS - 29));
  CHECK(code_of(check_changed("exp", kNowS - 30)) == ErrorCode::token_expired);
  CHECK(code_of(check_changed("exp", 0)) == ErrorCode::token_expired);
  CHECK(code_of(check_changed("exp", -1)) == ErrorCode::token_expired);
  CHECK(code_of(check_without("exp")) == ErrorCode::invalid_token);
}

TEST_CASE("a token begins at nbf, and was not issued in the future, give or take 30 seconds") {
  for (const std::string_view name : {"nbf", "iat"}) {
    CAPTURE(name);
    CHECK(check_changed(name, kNowS - 100));
    CHECK(check_changed(name, kNowS + 30));
    CHECK(code_of(check_changed(name, kNowS + 31)) == ErrorCode::invalid_token);
    CHECK(check_without(name == "nbf" ? "email" : name));
  }
}

TEST_CASE("the issuer must be an expected one, and may only lack where that is allowed") {
  CHECK(code_of(check_changed("iss", "https://b.supabase.co/auth/v1")) == ErrorCode::invalid_token);
  CHECK(code_of(check_changed("iss", "https://a.supabase.co/auth/v1/")) ==
        ErrorCode::invalid_token);
  CHECK(code_of(check_changed("iss", "")) == ErrorCode::invalid_token);
  CHECK(code_of(check_without("iss")) == ErrorCode::invalid_token);

  auto lenient = kExpectations;
  lenient.may_lack_issuer = true;
  auto claims = user_claims();
  claims.erase("iss");
  CHECK(check_with(claims, lenient));
  claims["iss"] = "https://b.supabase.co/auth/v1";
  CHECK_FALSE(check_with(claims, lenient));

  auto several = kExpectations;
  several.issuers.emplace_back("https://b.supabase.co/auth/v1");
  CHECK(check_with(claims, several));
  CHECK(check_with(user_claims(), several));
}

TEST_CASE("the audience must be the expected one or among several") {
  CHECK(check_changed("aud", json::Document::array({"other", "authenticated"})));
  CHECK(code_of(check_changed("aud", "other")) == ErrorCode::invalid_token);
  CHECK(code_of(check_changed("aud", json::Document::array())) == ErrorCode::invalid_token);
  CHECK(code_of(check_without("aud")) == ErrorCode::invalid_token);
}

TEST_CASE("a token of role anon is no user, as older API keys are, whoever issued it") {
  const auto anon =
      check_with({{"iss", "supabase"}, {"ref", "a"}, {"role", "anon"}, {"exp", kNowS + 1}});
  REQUIRE(anon);
  CHECK_FALSE(*anon);
  CHECK(code_of(check_with({{"role", "anon"}, {"exp", kNowS - 60}})) == ErrorCode::token_expired);
  CHECK(code_of(check_with({{"role", "anon"}})) == ErrorCode::invalid_token);
}

TEST_CASE("other roles are told that a user's token is needed") {
  for (const std::string_view role : {"service_role", "supabase_admin", "postgres", "", "ANON"}) {
    CAPTURE(role);
    const auto refused = check_changed("role", role);
    CHECK(code_of(refused) == ErrorCode::invalid_token);
    CHECK(refused.error().detail.find("user's access token") != std::string::npos);
  }
  CHECK(code_of(check_without("role")) == ErrorCode::invalid_token);
}

TEST_CASE("claims of another type make the token invalid") {
  for (const std::string_view bad : {R"({"iss":1})",
                                     R"({"sub":null})",
                                     R"({"azp":["a"]})",
                                     R"({"aud":1})",
                                     R"({"aud":[1]})",
                                     R"({"aud":{"a":"b"}})",
                                     R"({"exp":"1795246260"})",
                                     R"({"exp":null})",
                                     R"({"exp":true})",
                                     R"({"nbf":"x"})",
                                     R"({"iat":[]})",
                                     R"({"exp":9e15})",
                                     R"({"exp":-9e15})",
                                     R"({"exp":9223372036854775807})",
                                     R"({"exp":18446744073709551615})",
                                     R"({"exp":-9223372036854775808})",
                                     "[]",
                                     "\"x\"",
                                     "null",
                                     "",
                                     "{",
                                     "{\"sub\":\"\xFF\"}"}) {
    CAPTURE(bad);
    const auto claims = auth::parse_claims(bad);
    REQUIRE_FALSE(claims);
    CHECK(claims.error().code == ErrorCode::invalid_token);
  }
}

TEST_CASE("Supabase's own claims count as missing when they have another type") {
  for (const auto& role : {json::Document(1), json::Document::array({"authenticated"}),
                           json::Document::array({"anon"}), json::Document(nullptr)}) {
    CHECK(code_of(check_changed("role", role)) == ErrorCode::invalid_token);
  }
  for (const auto& other : {json::Document("true"), json::Document(1), json::Document(nullptr)}) {
    CHECK_FALSE((*check_changed("is_anonymous", other))->is_anonymous);
  }
}

TEST_CASE("claims may all be missing, and times may have fractions") {
  const auto none = auth::parse_claims("{}");
  REQUIRE(none);
  CHECK_FALSE(none->issuer);
  CHECK_FALSE(none->expires_at_s);
  CHECK(none->audience.empty());
  CHECK_FALSE(none->authorized_party);
  CHECK_FALSE(none->role);
  CHECK_FALSE(none->is_anonymous);
  CHECK(auth::parse_claims(R"({"exp":12.9})")->expires_at_s == 12);
  CHECK(auth::parse_claims(R"({"exp":1e3})")->expires_at_s == 1000);
}

TEST_CASE("whatever the claims, only role authenticated gives a user") {
  tests::Mutations mutations({json::dump(user_claims()), R"({"role":"anon","exp":1795246261})",
                              R"({"aud":["authenticated"],"exp":1.5e9,"nbf":0})"});
  int users = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto claims = auth::parse_claims(mutations.next());
    if (!claims) continue;
    const auto user = auth::check_claims(*claims, kExpectations, kNowS * 1000);
    if (!user || !*user) continue;
    ++users;
    REQUIRE(claims->role == "authenticated");
    REQUIRE(claims->issuer == kExpectations.issuers.front());
    REQUIRE(claims->expires_at_s);
  }
  CHECK(users > 1000);
}
