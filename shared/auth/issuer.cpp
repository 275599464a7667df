#include "shared/auth/issuer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/http/url.hpp"
#include "shared/json/document.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::auth {
namespace {

// What the database calls this deployment's Supabase.
constexpr std::string_view kReservedName = "supabase";

bool is_plain(std::string_view text, std::size_t maximum_characters) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; };
  return !text.empty() && text::count_code_points(text) <= maximum_characters &&
         std::none_of(text.begin(), text.end(), is_control);
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// A text, or a list of at least one; false when it is anything else.
bool read_texts(const json::Document& value, std::vector<std::string>& texts) {
  const auto add = [&texts](const json::Document& entry) {
    const auto* text = entry.get_ptr<const std::string*>();
    if (!text || text->empty()) return false;
    texts.push_back(*text);
    return true;
  };
  if (!value.is_array()) return add(value);
  return !value.empty() && std::all_of(value.begin(), value.end(), add);
}

// What is wrong with the entry; empty: nothing, and `issuer` is it.
std::string_view read_issuer(const json::Document& entry, bool is_http_allowed, Issuer& issuer) {
  const auto name = json::string_at(entry, "issuer");
  if (!name || !is_plain(*name, kMaximumIssuerCharacters) || *name == kReservedName) {
    return "has an entry without an issuer that can be one";
  }
  issuer.name = *name;
  issuer.jwks_url = json::string_at(entry, "jwks_url").value_or("");
  const auto url = http::parse_url(issuer.jwks_url);
  if (!url) return "has a jwks_url that is no http or https URL";
  // Whoever can change the keys on their way can be anybody.
  if (url->scheme != "https" && !is_http_allowed) return "has a jwks_url that is not https";
  const auto* audience = json::find(entry, "audience");
  if (!audience) return "has no audience; say null if the issuer's tokens have no aud";
  if (!audience->is_null() && !read_texts(*audience, issuer.audience)) {
    return "has an audience that is neither a text, a list of texts nor null";
  }
  const auto* parties = json::find(entry, "authorized_parties");
  if (parties && !read_texts(*parties, issuer.authorized_parties)) {
    return "has authorized_parties that are neither a text nor a list of texts";
  }
  // A name misspelt would be a check not made.
  const std::size_t known_members = parties ? 4 : 3;
  return entry.size() == known_members ? "" : "has an entry with an unknown member";
}

}  // namespace

tl::expected<std::vector<Issuer>, std::string> read_issuers(std::string_view json,
                                                            bool is_http_allowed) {
  const auto document = json::parse(json);
  if (!document || !document->is_array()) return tl::unexpected(std::string("is no JSON array"));
  std::vector<Issuer> issuers;
  for (const auto& entry : *document) {
    Issuer issuer;
    auto fault = read_issuer(entry, is_http_allowed, issuer);
    for (const auto& other : issuers) {
      if (other.name == issuer.name) fault = "has an issuer twice";
    }
    if (!fault.empty()) return tl::unexpected(std::string(fault));
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

const Issuer* find_issuer(const std::vector<Issuer>& issuers, const Claims& claims) {
  const auto found = std::find_if(issuers.begin(), issuers.end(), [&claims](const Issuer& issuer) {
    return claims.issuer == issuer.name;
  });
  return found == issuers.end() ? nullptr : &*found;
}

Result<std::string> check_issuer_claims(const Claims& claims, const Issuer& issuer,
                                        std::int64_t now_ms) {
  auto times = check_times(claims, now_ms);
  if (!times) return tl::unexpected(std::move(times.error()));
  if (claims.issuer != issuer.name) return refused_token("the token's iss is not the expected one");
  const bool is_for_us =
      issuer.audience.empty()
          ? claims.audience.empty()
          : std::any_of(claims.audience.begin(), claims.audience.end(),
                        [&issuer](const auto& name) { return contains(issuer.audience, name); });
  if (!is_for_us) return refused_token("the token's aud is not the expected one");
  if (claims.authorized_party && !issuer.authorized_parties.empty() &&
      !contains(issuer.authorized_parties, *claims.authorized_party)) {
    return refused_token("the token's azp is not an expected one");
  }
  if (!claims.subject || !is_plain(*claims.subject, kMaximumSubjectCharacters)) {
    return refused_token("the token's sub is missing, too long or has control characters");
  }
  return *claims.subject;
}

}  // namespace fabula::auth
