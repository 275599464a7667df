// The claims of the Authorization header before they are verified (RFC 6750).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::auth {

enum class BearerKind : std::uint8_t {
  none,             // no header: an anonymous call
  publishable_key,  // supabase-js sends its key when no user is signed in: no user
  guest_token,      // of a guest that we created; only the database knows whether it is valid
  jwt,              // looks like a JWT; its signature and claims are not checked yet
};

struct Bearer {
  BearerKind kind = BearerKind::none;
  std::string_view token;  // a view of the header's value; empty for `none`
};

// "fg_" and the base64url of 32 random bytes.
inline constexpr std::string_view kGuestTokenPrefix = "fg_";
inline constexpr std::size_t kGuestTokenRandomBytes = 32;

std::string make_guest_token(std::string_view random_bytes);

// A header of any other kind is invalid_token and never treated as anonymous. This includes other
// schemes, unknown keys and secret keys, which prove no user.
Result<Bearer> classify_bearer(std::optional<std::string_view> authorization,
                               const std::vector<std::string>& publishable_keys);

// Classifies a token without the scheme.
Result<Bearer> classify_token(std::string_view token,
                              const std::vector<std::string>& publishable_keys);

}  // namespace fabula::auth
