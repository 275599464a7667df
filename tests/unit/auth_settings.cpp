#include "shared/auth/settings.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace fabula;

namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

const Environment kHosted = {
    {"SUPABASE_URL", "https://a.supabase.co"},
    {"SUPABASE_PUBLISHABLE_KEYS", R"({"mobile":"sb_publishable_m","default":"sb_publishable_d"})"},
    {"SUPABASE_SECRET_KEYS", R"({"cron":"sb_secret_c","default":"sb_secret_d"})"},
    {"SUPABASE_JWKS", R"({"keys":[]})"},
};

Result<auth::Settings> read(const Environment& environment) {
  const auto lookup = [&environment](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  settings::Values values(lookup);
  return auth::read_settings(values);
}

Environment changed(std::string_view name, std::string_view value) {
  auto environment = kHosted;
  environment.insert_or_assign(std::string(name), std::string(value));
  return environment;
}

}  // namespace

TEST_CASE("a hosted project's environment is enough") {
  const auto settings = read(kHosted);
  REQUIRE(settings);
  CHECK_FALSE(settings->is_development);
  CHECK(settings->supabase_url == "https://a.supabase.co");
  CHECK(settings->rest_url == "https://a.supabase.co/rest/v1");
  CHECK(settings->secret_key == "sb_secret_d");
  CHECK(settings->publishable_keys ==
        std::vector<std::string>{"sb_publishable_d", "sb_publishable_m"});
  CHECK(settings->jwks == R"({"keys":[]})");
  CHECK(settings->jwks_url == "https://a.supabase.co/auth/v1/.well-known/jwks.json");
  CHECK(settings->hs256_secret.empty());
  CHECK(settings->expectations.issuers ==
        std::vector<std::string>{"https://a.supabase.co/auth/v1"});
  CHECK_FALSE(settings->expectations.may_lack_issuer);
  CHECK(settings->expectations.audience == "authenticated");
}

TEST_CASE("the claim of a plan must be one that users cannot write") {
  CHECK(read(kHosted)->plan_claim.empty());
  CHECK(read(changed("FABULA_PLAN_CLAIM", "app_metadata.plan"))->plan_claim == "app_metadata.plan");
  for (const auto* path : {"user_metadata.plan", "plan"}) {
    const auto refused = read(changed("FABULA_PLAN_CLAIM", path));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause.starts_with("FABULA_PLAN_CLAIM "));
  }
}

TEST_CASE("the older names of keys are understood") {
  for (const auto* name : {"SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY"}) {
    const auto settings = read({{"SUPABASE_URL", "http://127.0.0.1:54321/"},
                                {name, "service"},
                                {"SUPABASE_ANON_KEY", "anon"},
                                {"SUPABASE_KEY", "key"}});
    REQUIRE(settings);
    CHECK(settings->supabase_url == "http://127.0.0.1:54321");
    CHECK(settings->secret_key == "service");
    CHECK(settings->publishable_keys == std::vector<std::string>{"anon", "key"});
    CHECK(settings->jwks.empty());
  }
}

TEST_CASE("new and older keys are all publishable, and the new secret key is preferred") {
  auto environment = kHosted;
  environment["SUPABASE_ANON_KEY"] = "anon";
  environment["SUPABASE_SERVICE_ROLE_KEY"] = "service";
  const auto settings = read(environment);
  REQUIRE(settings);
  CHECK(settings->publishable_keys.size() == 3);
  CHECK(settings->secret_key == "sb_secret_d");
}

TEST_CASE("addresses and the issuer can be set apart from SUPABASE_URL") {
  auto environment = changed("SUPABASE_REST_URL", "http://rest:3000/");
  environment["SUPABASE_JWKS_URL"] = "http://127.0.0.1:9/keys.json";
  environment["FABULA_JWT_ISSUER"] = "http://127.0.0.1:54321/auth/v1";
  const auto settings = read(environment);
  REQUIRE(settings);
  CHECK(settings->rest_url == "http://rest:3000");
  CHECK(settings->jwks_url == "http://127.0.0.1:9/keys.json");
  CHECK(settings->expectations.issuers ==
        std::vector<std::string>{"http://127.0.0.1:54321/auth/v1"});
}

TEST_CASE("development is what lets a token lack its issuer") {
  const auto settings = read(changed("FABULA_ENV", "development"));
  REQUIRE(settings);
  CHECK(settings->is_development);
  CHECK(settings->expectations.may_lack_issuer);
  CHECK_FALSE(read(changed("FABULA_ENV", "production"))->is_development);
  CHECK_FALSE(read(changed("FABULA_ENV", ""))->is_development);
}

TEST_CASE("there are no other issuers unless they are configured") {
  CHECK(read(kHosted)->issuers == json::Document::array());
  const std::string issuer =
      R"({"issuer":"https://b","jwks_url":"https://b/keys","audience":"fabula"})";
  const auto settings = read(changed("FABULA_ISSUERS", "[" + issuer + "]"));
  REQUIRE(settings);
  CHECK(settings->issuers.size() == 1);
  CHECK(auth::find_issuer(settings->issuers, "https://b") == &settings->issuers[0]);
}

TEST_CASE("an issuer's keys come over http in development only") {
  auto environment = changed(
      "FABULA_ISSUERS",
      R"([{"issuer":"https://b","jwks_url":"http://127.0.0.1:9/keys","audience":"fabula"}])");
  CHECK_FALSE(read(environment));
  environment["FABULA_ENV"] = "development";
  CHECK(read(environment));
}

TEST_CASE("an HS256 secret is long, outside development, and never a public key") {
  const std::string long_secret(32, 's');
  CHECK(read(changed("FABULA_JWT_SECRET", long_secret))->hs256_secret == long_secret);
  CHECK_FALSE(read(changed("FABULA_JWT_SECRET", long_secret.substr(1))));
  auto development = changed("FABULA_JWT_SECRET", "short");
  development["FABULA_ENV"] = "development";
  CHECK(read(development)->hs256_secret == "short");
  for (const auto* key : {R"({"kty":"RSA","n":"AAAAAAAAAAAAAAAAAAAAAAAA","e":"AQAB"})",
                          "-----BEGIN PUBLIC KEY-----\nAAAAAAAAAAAAAAAA"}) {
    CHECK_FALSE(read(changed("FABULA_JWT_SECRET", key)));
    development["FABULA_JWT_SECRET"] = key;
    CHECK_FALSE(read(development));
  }
}

TEST_CASE("while it is rotated, the secret before is held to the same rules") {
  const std::string previous(32, 'p');
  const auto settings = read(changed("FABULA_PREVIOUS_JWT_SECRET", previous));
  REQUIRE(settings);
  CHECK(settings->previous_hs256_secret == previous);
  CHECK(settings->hs256_secret.empty());
  CHECK_FALSE(read(changed("FABULA_PREVIOUS_JWT_SECRET", previous.substr(1))));
  CHECK_FALSE(
      read(changed("FABULA_PREVIOUS_JWT_SECRET", R"({"kty":"oct","k":"AAAAAAAAAAAAAAA"})")));
}

TEST_CASE("all secret keys are accepted, and the default one is sent") {
  auto environment =
      changed("SUPABASE_SECRET_KEYS", R"({"a":"sb_secret_a","default":"sb_secret_d"})");
  environment["SUPABASE_SERVICE_ROLE_KEY"] = "service";
  const auto settings = read(environment);
  REQUIRE(settings);
  CHECK(settings->secret_key == "sb_secret_d");
  CHECK(settings->secret_keys == std::vector<std::string>{"sb_secret_d", "sb_secret_a", "service"});
}

TEST_CASE("a setting that cannot be right is named in the log and not to the client") {
  const auto check = [](std::string_view name, std::string_view value) {
    CAPTURE(name);
    CAPTURE(value);
    const auto settings = read(changed(name, value));
    REQUIRE_FALSE(settings);
    CHECK(settings.error().code == ErrorCode::internal_error);
    CHECK(settings.error().cause.find(name) != std::string::npos);
    CHECK(settings.error().detail.find(name) == std::string::npos);
  };
  check("SUPABASE_URL", "");
  check("SUPABASE_URL", "a.supabase.co");
  check("SUPABASE_URL", "https://a.supabase.co?x=y");
  check("SUPABASE_REST_URL", "rest");
  check("SUPABASE_JWKS_URL", "https://user@a");
  check("SUPABASE_SECRET_KEYS", "");
  check("SUPABASE_SECRET_KEYS", "{}");
  check("SUPABASE_SECRET_KEYS", "sb_secret_d");
  check("SUPABASE_SECRET_KEYS", R"({"default":""})");
  check("SUPABASE_PUBLISHABLE_KEYS", R"(["sb_publishable_d"])");
  check("SUPABASE_PUBLISHABLE_KEYS", R"({"default":1})");
  check("FABULA_ENV", "Development");
  check("FABULA_ISSUERS", "https://b");
  check("FABULA_ISSUERS", R"({"issuer":"https://b"})");
  check("FABULA_ISSUERS", R"([{"issuer":"https://b","jwks_url":"https://b/keys"}])");
  check("FABULA_ISSUERS",
        R"([{"issuer":"https://a.supabase.co/auth/v1","jwks_url":"https://b","audience":"x"}])");
}
