#include "wasm/engine/identity.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/auth/bearer.hpp"
#include "shared/auth/guest_key.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/auth/plan_claim.hpp"
#include "shared/text/hex.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/crypto.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/http_client.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;
using Kind = auth::Principal::Kind;

// Tokens of this deployment's Supabase share one issuer name, whichever URL issued them.
constexpr std::string_view kSupabaseIssuer = "supabase";
constexpr std::size_t kMaximumKeySetBytes = 64 * 1024;
constexpr int kLowestServerError = 500;

Task<Result<std::string>> fetch_key_set(Context& context, std::string_view url, bool refresh) {
  runtime::Deadline deadline(context, deadlines::kKeysMs);
  runtime::PublicKeys keys(context, url, refresh);
  if (co_await deadline.wait_for(keys) && keys.outcome().is_ok()) {
    const runtime::HttpAnswer answer(context, keys.outcome().value, 200);
    auto text = co_await runtime::read_whole(context, answer.stream(), kMaximumKeySetBytes,
                                             deadline, deadlines::kKeysMs);
    if (text) co_return std::move(*text);
  }
  co_return problem(ErrorCode::database_unavailable,
                    "The keys that prove your token cannot be fetched now. Try again in a moment.",
                    "no key set at " + std::string(url));
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

// Reads the caller that the claims name, before they are verified; no caller for Supabase's role
// `anon`.
Result<void> read_caller(const auth::Claims& claims, const auth::Settings& settings,
                         const auth::Issuer* issuer, std::int64_t now_ms, Caller& caller) {
  auto& principal = caller.principal;
  if (issuer) {
    auto subject = auth::check_issuer_claims(claims, *issuer, now_ms);
    if (!subject) return tl::unexpected(std::move(subject.error()));
    principal.kind = Kind::external;
    principal.issuer = *claims.issuer;
    principal.subject = *std::move(subject);
    principal.issued_at_s = claims.issued_at_s;
    return {};
  }
  auto user = auth::check_claims(claims, settings.expectations, now_ms);
  if (!user) return tl::unexpected(std::move(user.error()));
  if (!*user) return {};
  principal.kind = Kind::user;
  principal.issuer = kSupabaseIssuer;
  principal.subject = std::move((*user)->id);
  caller.is_anonymous = (*user)->is_anonymous;
  return {};
}

// The caller that the bearer proves; a new guest, still without a token, when there is no bearer.
Task<Result<Caller>> find_caller(Context& context, const auth::Settings& settings,
                                 auth::Bearer bearer) {
  Caller caller;
  if (bearer.kind == auth::BearerKind::guest_token) {
    caller.principal.kind = Kind::guest;
    caller.principal.token_hash = co_await sha256_hex(context, bearer.token);
  }
  if (bearer.kind != auth::BearerKind::jwt) co_return caller;
  const auth::Jws jws = co_await auth::parse_jws(bearer.token);
  // The claims are read before they are verified, to choose the keys and to refuse early; only the
  // keys of the claimed issuer can verify them.
  const auth::Claims claims = co_await auth::parse_claims(jws.payload);
  const auto* issuer = auth::find_issuer(settings.issuers, claims.issuer);
  co_await read_caller(claims, settings, issuer, runtime::now_ms(context), caller);
  caller.expires_at_s = claims.expires_at_s;
  caller.principal.plan = auth::claimed_plan(jws.payload, settings.plan_claim, !issuer);
  KeyTrust trust{{settings.jwks, settings.hs256_secret, settings.previous_hs256_secret},
                 settings.jwks_url};
  if (issuer) trust = {{}, *json::string_at(*issuer, "jwks_url")};
  co_await verify_signature(context, trust, jws);
  co_return caller;
}

// Identifies the caller by the headers; a new guest gets a token, or is refused.
Task<Result<Caller>> identify(Context& context, const auth::Settings& settings,
                              const http::Headers& headers, bool may_be_new) {
  const auth::Bearer bearer =
      co_await auth::classify_bearer(headers.find("authorization"), settings.publishable_keys);
  Caller caller = co_await find_caller(context, settings, bearer);
  if (caller.principal.kind != Kind::new_guest) co_return caller;
  if (!may_be_new) {
    co_return problem(
        ErrorCode::missing_credentials,
        "Say who you are: sign in and send 'Authorization: Bearer <access token>'; or "
        "POST /chat as a guest, keep the answer's x-guest-token and send that.");
  }
  co_return co_await make_guest(context, settings, headers);
}

// The bytes of a new guest's token. With a key they are always the same for it: only this server,
// which has the secret, can tell them.
Task<Result<std::string>> token_bytes(Context& context, std::string_view secret,
                                      std::optional<std::string_view> key) {
  std::string bytes(auth::kGuestTokenRandomBytes, '\0');
  if (!key) {
    runtime::fill_random(context, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    co_return bytes;
  }
  if (!auth::is_random_uuid(*key)) {
    co_return problem(ErrorCode::invalid_request,
                      "Without a token the Idempotency-Key proves that a request comes from the "
                      "same guest, so it must be hard to guess: send a random UUID (version 4), or "
                      "send a token.");
  }
  const std::string digest =
      co_await hmac_sha256_hex(context, secret, std::string("guest ").append(*key));
  co_return *text::decode_hex(digest);
}

}  // namespace

Task<Result<Caller>> make_guest(Context& context, const auth::Settings& settings,
                                const http::Headers& headers) {
  Caller caller;
  const std::string bytes =
      co_await token_bytes(context, settings.secret_key, headers.find("idempotency-key"));
  caller.new_guest_token = auth::make_guest_token(bytes);
  caller.principal.token_hash = co_await sha256_hex(context, caller.new_guest_token);
  co_return caller;
}

Task<Result<void>> verify_signature(Context& context, KeyTrust trust, const auth::Jws& token) {
  auto keys = co_await auth::candidate_keys(token, trust.known);
  for (const bool refresh : {false, true}) {
    if (!keys.empty() || trust.jwks_url.empty()) break;
    const std::string jwks = co_await fetch_key_set(context, trust.jwks_url, refresh);
    keys = co_await auth::candidate_keys(token, {jwks, {}});
  }
  for (const auto& key : keys) {
    const auto outcome = co_await runtime::Verify(context, host_algorithm(key.algorithm), key.key,
                                                  token.signing_input, token.signature);
    if (outcome.is_ok() && outcome.value == 1) co_return {};
  }
  co_return auth::unverified_token();
}

Task<Result<Caller>> identify(Context& context, const auth::Settings& settings,
                              const http::Headers& headers) {
  return identify(context, settings, headers, true);
}

Task<Result<Caller>> identify_known(Context& context, const auth::Settings& settings,
                                    const http::Headers& headers) {
  return identify(context, settings, headers, false);
}

Task<Result<auth::Principal>> prove_guest(Context& context, const auth::Settings& settings,
                                          std::string_view token) {
  const auto bearer = auth::classify_token(token, settings.publishable_keys);
  if (bearer) {
    auto caller = co_await runtime::attempt(find_caller(context, settings, *bearer));
    if (!caller && facts(caller.error().code).status >= kLowestServerError) {
      co_return tl::unexpected(std::move(caller.error()));
    }
    if (caller && (caller->principal.kind == Kind::guest || caller->is_anonymous)) {
      co_return std::move(caller->principal);
    }
  }
  co_return problem(ErrorCode::forbidden,
                    "This token proves no guest. Send the guest's own token: the x-guest-token "
                    "that it was given, or the current access token of the anonymous user.");
}

}  // namespace fabula::engine
