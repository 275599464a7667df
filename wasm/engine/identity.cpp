#include "wasm/engine/identity.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "shared/auth/bearer.hpp"
#include "shared/auth/jws.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/auth/keys.hpp"
#include "shared/text/hex.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/crypto.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/http_client.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

// Whoever issues them: all tokens of this deployment's Supabase name users of one set.
constexpr std::string_view kSupabaseIssuer = "supabase";
constexpr std::size_t kMaximumKeySetBytes = 64 * 1024;

Task<Result<std::string>> hash_token(Context& context, std::string_view token) {
  std::array<unsigned char, 32> digest{};
  if (!(co_await runtime::Sha256(context, token, digest)).is_ok()) {
    co_return problem(ErrorCode::internal_error, "The request could not be checked. Try again.",
                      "the host cannot compute SHA-256");
  }
  co_return text::encode_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Task<Result<Caller>> guest(Context& context, std::string_view token) {
  Caller caller;
  caller.principal.kind = turn::Principal::Kind::guest;
  caller.principal.token_hash = co_await hash_token(context, token);
  co_return caller;
}

Task<Result<Caller>> new_guest(Context& context) {
  std::array<unsigned char, auth::kGuestTokenRandomBytes> random{};
  runtime::fill_random(context, random);
  Caller caller;
  caller.new_guest_token =
      auth::make_guest_token({reinterpret_cast<const char*>(random.data()), random.size()});
  caller.principal.kind = turn::Principal::Kind::new_guest;
  caller.principal.token_hash = co_await hash_token(context, caller.new_guest_token);
  co_return caller;
}

Task<Result<std::string>> fetch_key_set(Context& context, std::string_view url, bool refresh) {
  const auto outcome = co_await runtime::PublicKeys(context, url, refresh);
  if (outcome.is_ok()) {
    const runtime::HttpAnswer answer(context, outcome.value, 200);
    auto text = co_await runtime::read_whole(context, answer.stream(), kMaximumKeySetBytes);
    if (text) co_return std::move(*text);
  }
  co_return problem(ErrorCode::database_unavailable,
                    "The keys that prove your token cannot be fetched now. Try again in a moment.",
                    "no key set at " + std::string(url));
}

// The keys to try: from the settings, else from the key set's address, anew if the key is unknown.
Task<Result<std::vector<auth::VerificationKey>>> find_keys(Context& context,
                                                           const auth::Settings& settings,
                                                           const auth::Jws& token) {
  auto keys = co_await auth::candidate_keys(token, {settings.jwks, settings.hs256_secret});
  if (!keys.empty() || settings.jwks_url.empty()) co_return keys;
  for (const bool refresh : {false, true}) {
    const std::string jwks = co_await fetch_key_set(context, settings.jwks_url, refresh);
    keys = co_await auth::candidate_keys(token, {jwks, settings.hs256_secret});
    if (!keys.empty()) co_return keys;
  }
  co_return keys;
}

abi::VerifyAlgorithm host_algorithm(auth::SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case auth::SignatureAlgorithm::es256:
      return abi::VerifyAlgorithm::es256;
    case auth::SignatureAlgorithm::rs256:
      return abi::VerifyAlgorithm::rs256;
    case auth::SignatureAlgorithm::hs256:
      return abi::VerifyAlgorithm::hs256;
  }
  return abi::VerifyAlgorithm::es256;
}

// The user of a token; nothing for the role `anon`.
Task<Result<std::optional<auth::TokenUser>>> token_user(Context& context,
                                                        const auth::Settings& settings,
                                                        std::string_view token) {
  const auth::Jws jws = co_await auth::parse_jws(token);
  const auto keys = co_await find_keys(context, settings, jws);
  bool is_verified = false;
  for (const auto& key : keys) {
    const auto outcome = co_await runtime::Verify(context, host_algorithm(key.algorithm), key.key,
                                                  jws.signing_input, jws.signature);
    is_verified = outcome.is_ok() && outcome.value == 1;
    if (is_verified) break;
  }
  if (!is_verified) co_return auth::unverified_token();
  const auth::Claims claims = co_await auth::parse_claims(jws.payload);
  co_return co_await auth::check_claims(claims, settings.expectations, runtime::now_ms(context));
}

}  // namespace

Task<Result<Caller>> identify(Context& context, const auth::Settings& settings,
                              const http::Headers& headers) {
  const auth::Bearer bearer =
      co_await auth::classify_bearer(headers.find("authorization"), settings.publishable_keys);
  if (bearer.kind == auth::BearerKind::guest_token) co_return co_await guest(context, bearer.token);
  if (bearer.kind == auth::BearerKind::jwt) {
    const auto user = co_await token_user(context, settings, bearer.token);
    if (user) {
      Caller caller;
      caller.principal = {turn::Principal::Kind::user, std::string(kSupabaseIssuer), user->id, {}};
      co_return caller;
    }
  }
  co_return co_await new_guest(context);
}

}  // namespace fabula::engine
