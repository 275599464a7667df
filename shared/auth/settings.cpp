#include "shared/auth/settings.hpp"

#include <cstddef>
#include <utility>

#include "shared/auth/plan_claim.hpp"
#include "shared/http/url.hpp"
#include "shared/json/document.hpp"
#include "shared/settings/table.hpp"

namespace fabula::auth {
namespace {

using settings::named;
using settings::Setting;

// GoTrue writes it into every user's token.
constexpr std::string_view kAudience = "authenticated";
constexpr std::size_t kMinimumSecretBytes = 32;

// Reads the settings in turn and remembers the first fault, so that the result needs to be
// discarded only once.
class Reader {
 public:
  explicit Reader(settings::Values& values) : values_(values) {}

  const std::string& fault() const { return fault_; }

  std::string text(const Setting& setting) { return std::string(values_.text(setting)); }

  // An http or https URL without a slash at the end.
  std::string url(const Setting& setting, std::string_view otherwise = {}) {
    std::string url(values_.find(setting).value_or(otherwise));
    while (!url.empty() && url.back() == '/') url.pop_back();
    const auto parsed = http::parse_url(url);
    if (!parsed || !parsed->query.empty()) refuse(setting, "is not set to an http or https URL");
    return url;
  }

  // The keys in a JSON object from names to keys, `default` first, then those of the older
  // settings, which have one key each.
  std::vector<std::string> keys(const Setting& setting) {
    std::vector<std::string> keys;
    if (const auto json = values_.find(setting.name)) read_keys(setting, *json, keys);
    for (const auto older : setting.older_names) {
      if (const auto key = values_.find(older)) keys.emplace_back(*key);
    }
    return keys;
  }

  bool is_development() {
    constexpr const Setting& kSetting = named("FABULA_ENV");
    const auto name = values_.text(kSetting);
    if (name != "development" && name != "production") {
      refuse(kSetting, "is neither development nor production");
    }
    return name == "development";
  }

  std::string hs256_secret(const Setting& setting, bool is_development) {
    auto secret = text(setting);
    // With a public key as the secret, everybody who knows it could sign tokens.
    if (secret.starts_with("{") || secret.starts_with("-----BEGIN")) {
      refuse(setting, "is a key in JSON or PEM; it must be the HS256 secret");
    }
    if (!secret.empty() && secret.size() < kMinimumSecretBytes && !is_development) {
      refuse(setting, "is shorter than 32 bytes");
    }
    return secret;
  }

  json::Document issuers(std::string_view supabase_issuer, bool is_development) {
    constexpr const Setting& kSetting = named("FABULA_ISSUERS");
    auto issuers = json::parse(values_.text(kSetting)).value_or(nullptr);
    const auto fault = issuers_fault(issuers, supabase_issuer, is_development);
    if (!fault.empty()) refuse(kSetting, fault);
    return issuers;
  }

  std::string plan_claim(bool has_issuers) {
    constexpr const Setting& kSetting = named("FABULA_PLAN_CLAIM");
    auto path = text(kSetting);
    const auto fault = plan_claim_fault(path, has_issuers);
    if (!fault.empty()) refuse(kSetting, fault);
    return path;
  }

  void refuse(const Setting& setting, std::string_view fault) {
    if (fault_.empty()) fault_.append(setting.name).append(" ").append(fault);
  }

 private:
  void read_keys(const Setting& setting, std::string_view json, std::vector<std::string>& keys) {
    const auto document = json::parse(json);
    const auto* object = document ? document->get_ptr<const json::Document::object_t*>() : nullptr;
    if (!object) return refuse(setting, "is no JSON object of name to key");
    for (const auto& [key_name, value] : *object) {
      const auto* key = value.get_ptr<const std::string*>();
      if (!key || key->empty()) return refuse(setting, "has a key that is no text");
      keys.insert(key_name == "default" ? keys.begin() : keys.end(), *key);
    }
  }

  settings::Values& values_;
  std::string fault_;
};

}  // namespace

Result<Settings> read_settings(settings::Values& values) {
  Reader reader(values);
  Settings settings;
  settings.is_development = reader.is_development();
  settings.supabase_url = reader.url(named("SUPABASE_URL"));
  settings.rest_url = reader.url(named("SUPABASE_REST_URL"), settings.supabase_url + "/rest/v1");
  const auto auth_url = settings.supabase_url + "/auth/v1";
  settings.jwks = reader.text(named("SUPABASE_JWKS"));
  settings.jwks_url = reader.url(named("SUPABASE_JWKS_URL"), auth_url + "/.well-known/jwks.json");
  settings.hs256_secret = reader.hs256_secret(named("FABULA_JWT_SECRET"), settings.is_development);
  settings.previous_hs256_secret =
      reader.hs256_secret(named("FABULA_PREVIOUS_JWT_SECRET"), settings.is_development);
  settings.publishable_keys = reader.keys(named("SUPABASE_PUBLISHABLE_KEYS"));
  settings.secret_keys = reader.keys(named("SUPABASE_SECRET_KEYS"));
  if (settings.secret_keys.empty()) {
    reader.refuse(named("SUPABASE_SECRET_KEYS"), "is not set");
  } else {
    settings.secret_key = settings.secret_keys.front();
  }
  settings.expectations.issuers = {
      std::string(values.find(named("FABULA_JWT_ISSUER")).value_or(auth_url))};
  settings.expectations.may_lack_issuer = settings.is_development;
  settings.expectations.audience = kAudience;
  settings.issuers = reader.issuers(settings.expectations.issuers.front(), settings.is_development);
  settings.plan_claim = reader.plan_claim(!settings.issuers.empty());
  if (reader.fault().empty()) return settings;
  return problem(ErrorCode::internal_error, "The server is not configured correctly.",
                 reader.fault());
}

}  // namespace fabula::auth
