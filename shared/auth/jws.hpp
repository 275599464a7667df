// JSON Web Signatures in compact form (RFC 7515), parsed but not verified.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::auth {

// Access tokens are 1 to 2 KiB; platforms end header lines between 8 and 16 KiB.
inline constexpr std::size_t kMaximumTokenBytes = 8192;

struct Jws {
  std::string algorithm;              // the header's `alg`: a claim of the token, not trusted yet
  std::optional<std::string> key_id;  // the header's `kid`
  std::string payload;                // decoded, any bytes
  std::string_view signing_input;     // the signed text; a view of the token
  std::string signature;              // decoded, never empty
};

// Requires three parts of strict base64url, and a header that is a JSON object with a string `alg`
// and no `crit`, since we know no extension. Anything else is invalid_token. Other header members,
// such as keys that the token contains, are ignored.
Result<Jws> parse_jws(std::string_view token);

}  // namespace fabula::auth
