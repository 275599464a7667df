#include "shared/auth/jws.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/text/base64url.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

std::string token_of(std::string_view header, std::string_view payload = "{}",
                     std::string_view signature = "signature") {
  return text::encode_base64url(header) + '.' + text::encode_base64url(payload) + '.' +
         text::encode_base64url(signature);
}

void check_refused(std::string_view token) {
  CAPTURE(token);
  const auto jws = auth::parse_jws(token);
  REQUIRE_FALSE(jws);
  CHECK(jws.error().code == ErrorCode::invalid_token);
  CHECK_FALSE(jws.error().cause.empty());
}

}  // namespace

TEST_CASE("a token is taken apart") {
  const auto token =
      token_of(R"({"alg":"ES256","kid":"k","typ":"JWT","jwk":{}})", "any \xFF bytes");
  const auto jws = auth::parse_jws(token);
  REQUIRE(jws);
  CHECK(jws->algorithm == "ES256");
  CHECK(jws->key_id == "k");
  CHECK(jws->payload == "any \xFF bytes");
  CHECK(jws->signature == "signature");
  CHECK(jws->signing_input == token.substr(0, token.rfind('.')));
}

TEST_CASE("a key id and a payload may be missing") {
  const auto token = token_of(R"({"alg":"x"})", "");
  const auto jws = auth::parse_jws(token);
  REQUIRE(jws);
  CHECK_FALSE(jws->key_id);
  CHECK(jws->payload.empty());
}

TEST_CASE("three parts of strict base64url are needed, and a signature") {
  const auto good = token_of(R"({"alg":"ES256"})");
  CHECK(auth::parse_jws(good));
  for (const auto& bad : std::vector<std::string>{
           "", ".", "..", "...", good + '.', '.' + good, good.substr(0, good.rfind('.')),
           good.substr(0, good.rfind('.') + 1), good + '=', good + ' ', ' ' + good, good + '\n',
           good + "?", good.substr(good.find('.')), "a" + good}) {
    check_refused(bad);
  }
}

TEST_CASE("the header must be a JSON object with alg as text and a kid that is text if there") {
  for (const std::string_view bad :
       {"", "null", "[]", "\"ES256\"", "{}", "{", R"({"alg":1})", R"({"alg":null})",
        R"({"alg":["ES256"]})", R"({"ALG":"ES256"})", R"({"alg":"ES256","kid":1})",
        R"({"alg":"ES256","kid":null})", R"({"alg":"ES256"} x)", "{\"alg\":\"ES256\xFF\"}"}) {
    check_refused(token_of(bad));
  }
  check_refused(
      token_of(R"({"alg":"ES256","x":)" + std::string(100, '[') + std::string(100, ']') + "}"));
}

TEST_CASE("a header that demands an extension is refused, whichever") {
  for (const std::string_view bad :
       {R"({"alg":"ES256","crit":["exp"]})", R"({"alg":"ES256","crit":[]})",
        R"({"alg":"ES256","crit":null})", R"({"alg":"ES256","b64":false,"crit":["b64"]})"}) {
    check_refused(token_of(bad));
  }
}

TEST_CASE("a token has at most 8 KiB") {
  const auto header = text::encode_base64url(R"({"alg":"ES256"})");
  const auto fill = auth::kMaximumTokenBytes - header.size() - std::string_view("..AAAA").size();
  const auto token = header + '.' + std::string(fill - fill % 4, 'A') + ".AAAA";
  CHECK(auth::parse_jws(token));
  check_refused(token + "AAAA");
}

TEST_CASE("whatever token is read, its signing input is its first two parts") {
  tests::Mutations mutations({token_of(R"({"alg":"ES256","kid":"k"})", R"({"sub":"s"})"),
                              token_of(R"({"alg":"none"})"), "a.b.c"});
  int read = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto token = mutations.next();
    const auto jws = auth::parse_jws(token);
    if (!jws) continue;
    ++read;
    REQUIRE(std::string(jws->signing_input) + '.' + text::encode_base64url(jws->signature) ==
            token);
    REQUIRE(jws->signing_input.ends_with('.' + text::encode_base64url(jws->payload)));
  }
  CHECK(read > 1000);
}
