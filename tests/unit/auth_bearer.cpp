#include "shared/auth/bearer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/mutations.hpp"

using namespace fabula;
using auth::BearerKind;

namespace {

const std::vector<std::string> kPublishableKeys = {"sb_publishable_abc", "aaa.anon.key"};
const std::string kGuestToken = "fg_" + std::string(42, 'a') + "A";

BearerKind kind_of(std::optional<std::string_view> authorization) {
  const auto bearer = auth::classify_bearer(authorization, kPublishableKeys);
  CAPTURE(authorization.value_or("(none)"));
  REQUIRE(bearer);
  return bearer->kind;
}

}  // namespace

TEST_CASE("no header claims nothing") { CHECK(kind_of(std::nullopt) == BearerKind::none); }

TEST_CASE("a configured publishable key is no user, an older one in the form of a JWT too") {
  CHECK(kind_of("Bearer sb_publishable_abc") == BearerKind::publishable_key);
  CHECK(kind_of("Bearer aaa.anon.key") == BearerKind::publishable_key);
}

TEST_CASE("the scheme's case and the blanks around the token do not matter") {
  for (const std::string_view header : {"bearer aaa.bbb.ccc", "BEARER aaa.bbb.ccc",
                                        " Bearer  aaa.bbb.ccc ", "Bearer \taaa.bbb.ccc"}) {
    CHECK(kind_of(header) == BearerKind::jwt);
  }
}

TEST_CASE("the token is handed on as it was sent") {
  CHECK(auth::classify_bearer("Bearer  aaa.bbb.ccc ", {})->token == "aaa.bbb.ccc");
  CHECK(auth::classify_bearer("Bearer " + kGuestToken, {})->token == kGuestToken);
  CHECK(auth::classify_bearer(std::nullopt, {})->token.empty());
}

TEST_CASE("a guest's token is fg_ and the base64url of 32 bytes") {
  CHECK(kind_of("Bearer " + kGuestToken) == BearerKind::guest_token);
  const auto made = auth::make_guest_token(std::string(auth::kGuestTokenRandomBytes, '\xFB'));
  CHECK(made.size() == 46);
  CHECK(kind_of("Bearer " + made) == BearerKind::guest_token);
}

TEST_CASE("anything else is an invalid token, never silently nobody") {
  const std::string secret = "sb_secret_abc";
  for (const auto& bad : std::vector<std::string>{"",
                                                  " ",
                                                  "Bearer",
                                                  "Bearer ",
                                                  "Bearer undefined",
                                                  "Bearer null",
                                                  "Basic dTpw",
                                                  "aaa.bbb.ccc",
                                                  "Bearer: aaa.bbb.ccc",
                                                  "Bearer aaa.bbb",
                                                  "Bearer aaa.bbb.ccc.ddd",
                                                  "Bearer aaa.bbb.ccc, Bearer aaa.bbb.ccc",
                                                  "Bearer a a.b.c",
                                                  "Bearer a=.b.c",
                                                  "Bearer sb_publishable_other",
                                                  "Bearer sb_publishable_ab",
                                                  "Bearer sb_publishable_abcd",
                                                  "Bearer " + secret,
                                                  "Bearer fg_",
                                                  "Bearer " + kGuestToken + "A",
                                                  "Bearer " + kGuestToken.substr(0, 45),
                                                  "Bearer fg_" + std::string(42, 'a') + "B",
                                                  "Bearer FG_" + std::string(42, 'a') + "A",
                                                  "Bearer fg_" + std::string(42, 'a') + "="}) {
    CAPTURE(bad);
    const auto bearer = auth::classify_bearer(bad, kPublishableKeys);
    REQUIRE_FALSE(bearer);
    CHECK(bearer.error().code == ErrorCode::invalid_token);
    CHECK_FALSE(bearer.error().detail.empty());
    CHECK(bearer.error().detail.find(secret) == std::string::npos);
  }
}

TEST_CASE("a token that stands alone is judged as one after its scheme") {
  const auto kind_of_token = [](std::string_view token) {
    const auto bearer = auth::classify_token(token, kPublishableKeys);
    return bearer ? std::optional(bearer->kind) : std::nullopt;
  };
  CHECK(kind_of_token(kGuestToken) == BearerKind::guest_token);
  CHECK(kind_of_token("aaa.bbb.ccc") == BearerKind::jwt);
  CHECK(kind_of_token("sb_publishable_abc") == BearerKind::publishable_key);
  for (const std::string_view bad :
       {"", "Bearer aaa.bbb.ccc", " aaa.bbb.ccc", "fg_", "undefined"}) {
    CHECK_FALSE(kind_of_token(bad));
  }
}

TEST_CASE("an empty publishable key is never matched") {
  CHECK_FALSE(auth::classify_bearer("Bearer ", {""}));
  CHECK_FALSE(auth::classify_bearer("Bearer", {""}));
}

TEST_CASE("whatever the header says, it is one of the kinds or refused") {
  tests::Mutations mutations(
      {"Bearer aaa.bbb.ccc", "Bearer " + kGuestToken, "Bearer sb_publishable_abc", "Basic x"});
  int kinds = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto header = mutations.next();
    const auto bearer = auth::classify_bearer(header, kPublishableKeys);
    if (!bearer) continue;
    ++kinds;
    REQUIRE(bearer->kind != BearerKind::none);
    REQUIRE(header.find(bearer->token) != std::string::npos);
  }
  CHECK(kinds > 1000);
}
