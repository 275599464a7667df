// A guest that does to a token what the functions do, claims apart: POST {"jwks", "secret", "token"},
// the secret in base64url, and the answer is `verified` or the refusal's code and cause.
#include <string>
#include <utility>

#include "shared/auth/jws.hpp"
#include "shared/json/document.hpp"
#include "shared/text/base64url.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/entry.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"

namespace {

using namespace fabula;
using namespace fabula::runtime;

constexpr std::size_t kBodyLimitBytes = std::size_t{1} << 20;

Task<Result<void>> verify(Context& context, const json::Document& request) {
  const auth::Jws token = co_await auth::parse_jws(*json::string_at(request, "token"));
  const auto secret = text::decode_base64url(*json::string_at(request, "secret"));
  const engine::KeyTrust trust{{*json::string_at(request, "jwks"), *secret}, {}};
  co_return co_await attempt(engine::verify_signature(context, trust, token));
}

Task<void> handle(Context& context) {
  const auto body = co_await read_whole(context, kRequestBody, kBodyLimitBytes);
  const auto request = json::parse(*body);
  const auto result = co_await attempt(verify(context, *request));
  std::string answer = "verified";
  if (!result) {
    answer.assign(facts(result.error().code).name).append(": ").append(result.error().cause);
  }
  start_response(context, "200\ncontent-type: text/plain\n");
  co_await ResponseWrite(context, answer);
  end_response(context);
}

}  // namespace

FABULA_FUNCTION(handle)
