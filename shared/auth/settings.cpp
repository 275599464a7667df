#include "shared/auth/settings.hpp"

#include <cstddef>
#include <initializer_list>
#include <utility>

#include "shared/http/url.hpp"
#include "shared/json/document.hpp"

namespace fabula::auth {
namespace {

// GoTrue writes it into every user's token.
constexpr std::string_view kAudience = "authenticated";
constexpr std::size_t kMinimumSecretBytes = 32;

// Reads the settings one after the other and remembers the first fault, so that what is made of
// them afterwards needs to be thrown away only once.
class Reader {
 public:
  explicit Reader(EnvironmentLookup environment) : environment_(environment) {}

  const std::string& fault() const { return fault_; }

  std::string text(std::string_view name, std::string_view fallback = {}) const {
    return environment_(name).value_or(std::string(fallback));
  }

  // An http or https URL without a slash at the end.
  std::string url(std::string_view name, std::string_view fallback = {}) {
    auto url = text(name, fallback);
    while (!url.empty() && url.back() == '/') url.pop_back();
    const auto parsed = http::parse_url(url);
    if (!parsed || !parsed->query.empty()) refuse(name, "is not set to an http or https URL");
    return url;
  }

  // The keys of a JSON object of name to key, the one named `default` first, and then those of the
  // older settings, each of which holds one.
  std::vector<std::string> keys(std::string_view list, std::string_view older,
                                std::string_view oldest) {
    std::vector<std::string> keys;
    if (const auto json = environment_(list)) read_keys(list, *json, keys);
    for (const auto name : {older, oldest}) {
      if (auto key = environment_(name)) keys.push_back(std::move(*key));
    }
    return keys;
  }

  bool is_development() {
    const auto name = text("FABULA_ENV", "production");
    if (name != "development" && name != "production") {
      refuse("FABULA_ENV", "is neither development nor production");
    }
    return name == "development";
  }

  std::string hs256_secret(bool is_development) {
    constexpr std::string_view kName = "FABULA_JWT_SECRET";
    auto secret = text(kName);
    // A public key as the secret would let everybody who knows it sign tokens.
    if (secret.starts_with("{") || secret.starts_with("-----BEGIN")) {
      refuse(kName, "is a key in JSON or PEM; it must be the HS256 secret");
    }
    if (!secret.empty() && secret.size() < kMinimumSecretBytes && !is_development) {
      refuse(kName, "is shorter than 32 bytes");
    }
    return secret;
  }

  json::Document issuers(std::string_view supabase_issuer, bool is_development) {
    constexpr std::string_view kName = "FABULA_ISSUERS";
    auto issuers = json::parse(text(kName, "[]")).value_or(nullptr);
    const auto fault = issuers_fault(issuers, supabase_issuer, is_development);
    if (!fault.empty()) refuse(kName, fault);
    return issuers;
  }

  void refuse(std::string_view name, std::string_view fault) {
    if (fault_.empty()) fault_.append(name).append(" ").append(fault);
  }

 private:
  void read_keys(std::string_view name, std::string_view json, std::vector<std::string>& keys) {
    const auto document = json::parse(json);
    const auto* object = document ? document->get_ptr<const json::Document::object_t*>() : nullptr;
    if (!object) return refuse(name, "is no JSON object of name to key");
    for (const auto& [key_name, value] : *object) {
      const auto* key = value.get_ptr<const std::string*>();
      if (!key || key->empty()) return refuse(name, "has a key that is no text");
      keys.insert(key_name == "default" ? keys.begin() : keys.end(), *key);
    }
  }

  EnvironmentLookup environment_;
  std::string fault_;
};

}  // namespace

Result<Settings> read_settings(EnvironmentLookup environment) {
  Reader reader(environment);
  Settings settings;
  settings.is_development = reader.is_development();
  settings.supabase_url = reader.url("SUPABASE_URL");
  settings.rest_url = reader.url("SUPABASE_REST_URL", settings.supabase_url + "/rest/v1");
  const auto auth_url = settings.supabase_url + "/auth/v1";
  settings.jwks = reader.text("SUPABASE_JWKS");
  settings.jwks_url = reader.url("SUPABASE_JWKS_URL", auth_url + "/.well-known/jwks.json");
  settings.hs256_secret = reader.hs256_secret(settings.is_development);
  settings.publishable_keys =
      reader.keys("SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY", "SUPABASE_KEY");
  auto secret_keys =
      reader.keys("SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY");
  if (secret_keys.empty()) {
    reader.refuse("SUPABASE_SECRET_KEYS", "is not set");
  } else {
    settings.secret_key = std::move(secret_keys.front());
  }
  settings.expectations.issuers = {reader.text("FABULA_JWT_ISSUER", auth_url)};
  settings.expectations.may_lack_issuer = settings.is_development;
  settings.expectations.audience = kAudience;
  settings.issuers = reader.issuers(settings.expectations.issuers.front(), settings.is_development);
  if (reader.fault().empty()) return settings;
  return problem(ErrorCode::internal_error, "The server is not configured correctly.",
                 reader.fault());
}

}  // namespace fabula::auth
