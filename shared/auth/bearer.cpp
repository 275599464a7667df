#include "shared/auth/bearer.hpp"

#include <algorithm>

#include "shared/text/ascii.hpp"
#include "shared/text/base64url.hpp"

namespace fabula::auth {
namespace {

constexpr std::size_t kGuestTokenRandomCharacters = 43;
static_assert((kGuestTokenRandomBytes * 8 + 5) / 6 == kGuestTokenRandomCharacters);

tl::unexpected<Problem> refused(std::string_view detail) {
  return problem(ErrorCode::invalid_token, detail);
}

bool is_guest_token(std::string_view token) {
  if (!token.starts_with(kGuestTokenPrefix)) return false;
  const auto random = token.substr(kGuestTokenPrefix.size());
  return random.size() == kGuestTokenRandomCharacters && text::decode_base64url(random);
}

// Three parts of the right alphabet; shared/auth/jws.hpp decides whether they are valid.
bool is_like_jwt(std::string_view token) {
  return std::count(token.begin(), token.end(), '.') == 2 &&
         std::all_of(token.begin(), token.end(),
                     [](char c) { return text::is_base64url_character(c) || c == '.'; });
}

}  // namespace

std::string make_guest_token(std::string_view random_bytes) {
  return std::string(kGuestTokenPrefix).append(text::encode_base64url(random_bytes));
}

Result<Bearer> classify_bearer(std::optional<std::string_view> authorization,
                               const std::vector<std::string>& publishable_keys) {
  if (!authorization) return Bearer{};
  const auto header = text::trim(*authorization);
  const auto scheme = header.substr(0, header.find(' '));
  if (!text::equal_ignoring_case(scheme, "Bearer")) {
    return refused("Send the token as 'Authorization: Bearer <token>'.");
  }
  const auto token = text::trim(header.substr(scheme.size()));
  if (token.empty()) return refused("The Authorization header has no token after 'Bearer'.");
  return classify_token(token, publishable_keys);
}

Result<Bearer> classify_token(std::string_view token,
                              const std::vector<std::string>& publishable_keys) {
  if (std::find(publishable_keys.begin(), publishable_keys.end(), token) !=
      publishable_keys.end()) {
    return Bearer{BearerKind::publishable_key, token};
  }
  if (is_guest_token(token)) return Bearer{BearerKind::guest_token, token};
  if (is_like_jwt(token)) return Bearer{BearerKind::jwt, token};
  if (token.starts_with("sb_secret_")) {
    return refused(
        "A secret key is no user. Send a user's access token, and keep this key secret.");
  }
  if (token.starts_with("sb_publishable_")) {
    return refused("The publishable key is not one of this project's.");
  }
  return refused("The bearer token is neither an access token nor a guest token of this service.");
}

}  // namespace fabula::auth
