#include "shared/auth/issuer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/http/url.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::auth {
namespace {

// The database's name for this deployment's Supabase.
constexpr std::string_view kReservedName = "supabase";

bool is_plain(const std::optional<std::string_view>& text, std::size_t maximum_characters) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; };
  return text && !text->empty() && text::count_code_points(*text) <= maximum_characters &&
         std::none_of(text->begin(), text->end(), is_control);
}

using Array = json::Document::array_t;

// Whether the value is a text that is not empty, or a list of at least one.
bool are_texts(const json::Document& value) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text) return !text->empty();
  const auto* list = value.get_ptr<const Array*>();
  return list && !list->empty() && std::all_of(list->begin(), list->end(), [](const auto& entry) {
           return entry.is_string() && are_texts(entry);
         });
}

// Whether the text equals `texts` or is one of them.
bool is_among(const json::Document& texts, std::string_view text) {
  if (const auto* list = texts.get_ptr<const Array*>()) {
    return std::any_of(list->begin(), list->end(),
                       [text](const auto& entry) { return is_among(entry, text); });
  }
  const auto* single = texts.get_ptr<const std::string*>();
  return single && *single == text;
}

// The first wrong member of the issuer; empty if there is none.
std::string_view wrong_member(const Issuer& issuer, bool is_http_allowed) {
  if (!is_plain(json::string_at(issuer, "issuer"), kMaximumIssuerCharacters)) return "issuer";
  const auto url = http::parse_url(json::string_at(issuer, "jwks_url").value_or(""));
  // Over http, anybody who can change the keys in transit can pass as any user.
  if (!url || (url->scheme != "https" && !is_http_allowed)) return "jwks_url";
  const auto* audience = json::find(issuer, "audience");
  if (!audience || (!audience->is_null() && !are_texts(*audience))) return "audience";
  const auto* parties = json::find(issuer, "authorized_parties");
  if (parties && !are_texts(*parties)) return "authorized_parties";
  return issuer.size() == (parties ? 4U : 3U) ? "" : "list of members";
}

}  // namespace

std::string issuers_fault(const json::Document& issuers, std::string_view supabase_issuer,
                          bool is_http_allowed) {
  const auto* list = issuers.get_ptr<const Array*>();
  if (!list) return "is no JSON array";
  for (const auto& issuer : *list) {
    auto wrong = wrong_member(issuer, is_http_allowed);
    const auto name = json::string_at(issuer, "issuer");
    const bool is_taken =
        name == supabase_issuer || name == kReservedName || find_issuer(issuers, name) != &issuer;
    if (wrong.empty() && is_taken) wrong = "issuer";
    if (wrong.empty()) continue;
    return std::string("has an entry whose ").append(wrong).append(" cannot be right");
  }
  return {};
}

const Issuer* find_issuer(const json::Document& issuers,
                          const std::optional<std::string_view>& name) {
  for (const auto& issuer : *issuers.get_ptr<const Array*>()) {
    if (json::string_at(issuer, "issuer") == name) return &issuer;
  }
  return nullptr;
}

Result<std::string> check_issuer_claims(const Claims& claims, const Issuer& issuer,
                                        std::int64_t now_ms) {
  auto times = check_times(claims, now_ms);
  if (!times) return tl::unexpected(std::move(times.error()));
  if (json::string_at(issuer, "issuer") != claims.issuer) {
    return refused_token("the token's iss is not the expected one");
  }
  const auto& audience = *json::find(issuer, "audience");
  const bool is_for_us =
      audience.is_null()
          ? claims.audience.empty()
          : std::any_of(claims.audience.begin(), claims.audience.end(),
                        [&audience](const auto& name) { return is_among(audience, name); });
  if (!is_for_us) return refused_token("the token's aud is not the expected one");
  const auto* parties = json::find(issuer, "authorized_parties");
  if (parties && claims.authorized_party && !is_among(*parties, *claims.authorized_party)) {
    return refused_token("the token's azp is not an expected one");
  }
  if (!is_plain(claims.subject, kMaximumSubjectCharacters)) {
    return refused_token("the token's sub is missing, too long or has control characters");
  }
  return *claims.subject;
}

}  // namespace fabula::auth
