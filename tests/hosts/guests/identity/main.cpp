// A guest that handles a token as the functions do. Its input is {"action", "token"} and
//   verify_signature          {"jwks", "secret"}, the secret in base64url: answers `verified`
//   identify, identify_known  {"environment"}: the token is a bearer, or null for none; answers the
//                             caller as JSON
//   prove_guest               {"environment"}: answers the principal as JSON
// It answers a refusal with its code and cause.
#include <string>
#include <string_view>
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
constexpr std::int64_t kLongestBodyMs = 60'000;

std::string text_at(const json::Document& object, std::string_view name) {
  return std::string(json::string_at(object, name).value_or(""));
}

Task<Result<std::string>> verify_signature(Context& context, const json::Document& request) {
  const auto token_text = text_at(request, "token");
  const auth::Jws token = co_await auth::parse_jws(token_text);
  const auto jwks = text_at(request, "jwks");
  const auto secret = text::decode_base64url(text_at(request, "secret"));
  co_await engine::verify_signature(context, {{jwks, *secret}, {}}, token);
  co_return "verified";
}

std::string describe(const engine::Caller& caller) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("principal");
  auth::write_principal(writer, caller.principal);
  writer.key("user_id").string(caller.user_id());
  writer.key("is_anonymous").boolean(caller.is_anonymous);
  writer.key("new_guest_token").string(caller.new_guest_token).end_object();
  return text;
}

Task<Result<std::string>> identify(Context& context, const json::Document& request,
                                   std::string_view action) {
  const auto lookup = [&request](std::string_view name) {
    const auto value = json::string_at(*json::find(request, "environment"), name);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  };
  settings::Values values(lookup);
  const auth::Settings settings = co_await auth::read_settings(values);
  const auto token = text_at(request, "token");
  if (action == "prove_guest") {
    const auto principal = co_await engine::prove_guest(context, settings, token);
    std::string text;
    json::Writer writer(text);
    auth::write_principal(writer, principal);
    co_return text;
  }
  http::Headers headers;
  if (json::string_at(request, "token")) headers.add("authorization", "Bearer " + token);
  if (action == "identify") {
    co_return describe(co_await engine::identify(context, settings, headers));
  }
  co_return describe(co_await engine::identify_known(context, settings, headers));
}

Task<void> handle(Context& context) {
  Deadline deadline(context, kLongestBodyMs);
  const auto body =
      co_await read_whole(context, kRequestBody, kBodyLimitBytes, deadline, kLongestBodyMs);
  const auto request = json::parse(*body);
  const auto action = text_at(*request, "action");
  const auto result =
      co_await attempt(action == "verify_signature" ? verify_signature(context, *request)
                                                    : identify(context, *request, action));
  std::string answer;
  if (result) {
    answer = *result;
  } else {
    answer.append(facts(result.error().code).name).append(": ").append(result.error().cause);
  }
  start_response(context, "200\ncontent-type: text/plain\n");
  co_await ResponseWrite(context, answer);
  end_response(context);
}

}  // namespace

FABULA_FUNCTION(handle)
