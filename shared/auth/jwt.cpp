#include "shared/auth/jwt.hpp"

#include <algorithm>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::auth {
namespace {

constexpr std::int64_t kMillisecondsPerSecond = 1000;
// ECMAScript's last moment: far beyond any token, and safe to count in milliseconds.
constexpr std::int64_t kLatestSecond = 8'640'000'000'000;

// Leaves `claim` unchanged when the member is missing; false when it has another type.
bool read_text(const json::Document& object, std::string_view name,
               std::optional<std::string>& claim) {
  const auto value = json::string_at(object, name);
  if (value) claim = std::string(*value);
  return value || !json::find(object, name);
}

// A NumericDate may have a fraction (RFC 7519, section 2).
bool read_date(const json::Document& object, std::string_view name,
               std::optional<std::int64_t>& claim) {
  const auto* member = json::find(object, name);
  if (!member) return true;
  auto seconds = json::integer_at(object, name);
  if (const auto* fractional = member->get_ptr<const double*>()) {
    constexpr auto kLimit = static_cast<double>(kLatestSecond);
    if (*fractional > -kLimit && *fractional < kLimit) {
      seconds = static_cast<std::int64_t>(*fractional);
    }
  }
  if (!seconds || *seconds > kLatestSecond || *seconds < -kLatestSecond) return false;
  claim = seconds;
  return true;
}

bool read_audience(const json::Document& object, std::vector<std::string>& audience) {
  const auto* member = json::find(object, "aud");
  if (!member) return true;
  if (const auto single = json::string_at(object, "aud")) {
    audience.emplace_back(*single);
    return true;
  }
  if (!member->is_array()) return false;
  for (const auto& entry : *member) {
    const auto* name = entry.get_ptr<const std::string*>();
    if (!name) return false;
    audience.push_back(*name);
  }
  return true;
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

tl::unexpected<Problem> refused_token(std::string_view rule) {
  return problem(ErrorCode::invalid_token, "The token is not valid here. Sign in again.", rule);
}

Result<Claims> parse_claims(std::string_view payload) {
  const auto object = json::parse(payload);
  if (!object || !object->is_object())
    return refused_token("the token's payload is no JSON object");

  Claims claims;
  std::string faults;
  const auto require = [&faults](bool is_readable, std::string_view name) {
    if (!is_readable) faults.append(" ").append(name);
  };
  require(read_text(*object, "iss", claims.issuer), "iss");
  require(read_text(*object, "sub", claims.subject), "sub");
  require(read_text(*object, "azp", claims.authorized_party), "azp");
  require(read_audience(*object, claims.audience), "aud");
  require(read_date(*object, "exp", claims.expires_at_s), "exp");
  require(read_date(*object, "nbf", claims.not_before_s), "nbf");
  require(read_date(*object, "iat", claims.issued_at_s), "iat");
  read_text(*object, "role", claims.role);
  claims.is_anonymous = json::boolean_at(*object, "is_anonymous").value_or(false);
  if (!faults.empty()) return refused_token("claims of another type than they should be:" + faults);
  return claims;
}

Result<void> check_times(const Claims& claims, std::int64_t now_ms) {
  if (!claims.expires_at_s) return refused_token("the token has no exp");
  if (*claims.expires_at_s * kMillisecondsPerSecond + kClockLeewayMs <= now_ms) {
    return problem(ErrorCode::token_expired,
                   "The token has expired. Refresh the session and send its new access token.");
  }
  const auto is_future = [now_ms](const std::optional<std::int64_t>& time_s) {
    return time_s && *time_s * kMillisecondsPerSecond - kClockLeewayMs > now_ms;
  };
  if (is_future(claims.not_before_s)) return refused_token("the token's nbf is in the future");
  if (is_future(claims.issued_at_s)) return refused_token("the token's iat is in the future");
  return {};
}

Result<std::optional<TokenUser>> check_claims(const Claims& claims,
                                              const ClaimExpectations& expectations,
                                              std::int64_t now_ms) {
  auto times = check_times(claims, now_ms);
  if (!times) return tl::unexpected(std::move(times.error()));
  if (claims.role == "anon") return std::optional<TokenUser>{};
  if (claims.role != "authenticated") {
    return problem(ErrorCode::invalid_token,
                   "A user's access token is needed here. Sign in and send the session's token.",
                   "the token's role is not authenticated");
  }
  const bool is_issuer_right =
      claims.issuer ? contains(expectations.issuers, *claims.issuer) : expectations.may_lack_issuer;
  if (!is_issuer_right) return refused_token("the token's iss is not the expected one");
  if (!contains(claims.audience, expectations.audience)) {
    return refused_token("the token's aud is not the expected one");
  }
  auto id = claims.subject ? text::normalize_uuid(*claims.subject) : std::nullopt;
  if (!id) return refused_token("the token's sub is no UUID");
  return std::optional<TokenUser>(TokenUser{std::move(*id), claims.is_anonymous});
}

}  // namespace fabula::auth
