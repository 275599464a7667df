#include "shared/auth/jws.hpp"

#include <utility>

#include "shared/json/document.hpp"
#include "shared/text/base64url.hpp"
#include "shared/text/split.hpp"

namespace fabula::auth {
namespace {

// The caller always gets the same text, since a new token is the only remedy; the log gets the
// broken rule.
tl::unexpected<Problem> malformed(std::string_view rule) {
  return problem(ErrorCode::invalid_token, "The token is not a valid JWT. Sign in again.", rule);
}

}  // namespace

Result<Jws> parse_jws(std::string_view token) {
  if (token.size() > kMaximumTokenBytes) return malformed("the token is longer than 8 KiB");
  text::Splitter parts(token, '.');
  const auto header_part = parts.next();
  const auto payload_part = parts.next();
  const auto signature_part = parts.next();
  if (!signature_part || parts.next()) return malformed("the token has not three parts");

  const auto header_text = text::decode_base64url(*header_part);
  auto payload = text::decode_base64url(*payload_part);
  auto signature = text::decode_base64url(*signature_part);
  if (!header_text || !payload || !signature) {
    return malformed("a part of the token is not base64url without padding");
  }
  if (signature->empty()) return malformed("the token is not signed");

  const auto header = json::parse(*header_text);
  if (!header || !header->is_object()) return malformed("the token's header is no JSON object");
  if (json::find(*header, "crit")) return malformed("the token's header has a crit member");
  const auto algorithm = json::string_at(*header, "alg");
  if (!algorithm) return malformed("the token's header has no alg text");
  const auto key_id = json::string_at(*header, "kid");
  if (!key_id && json::find(*header, "kid")) return malformed("the token's kid is no text");

  Jws jws;
  jws.algorithm = *algorithm;
  if (key_id) jws.key_id = std::string(*key_id);
  jws.payload = std::move(*payload);
  jws.signing_input = token.substr(0, header_part->size() + 1 + payload_part->size());
  jws.signature = std::move(*signature);
  return jws;
}

}  // namespace fabula::auth
