#include "wasm/engine/operator_access.hpp"

#include <string>
#include <string_view>

#include "shared/text/ascii.hpp"
#include "shared/text/constant_time.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

constexpr std::string_view kScheme = "bearer ";

std::string_view bearer_of(const http::Headers& headers) {
  const auto header = headers.find("authorization").value_or("");
  if (text::to_lower(header.substr(0, kScheme.size())) != kScheme) return {};
  return text::trim(header.substr(kScheme.size()));
}

}  // namespace

Result<void> require_operator(Call& call, const settings::Setting* token) {
  if (runtime::is_scheduled(call.context())) return {};
  const auto& headers = call.head().headers;
  const auto bearer = bearer_of(headers);
  const auto key = headers.find("apikey").value_or("");
  const auto& secret = call.settings().secret_key;
  if (text::equals_in_constant_time(bearer, secret) || text::equals_in_constant_time(key, secret)) {
    return {};
  }
  const auto other_key = token ? call.setting_values().text(*token) : std::string_view();
  if (!other_key.empty() && text::equals_in_constant_time(bearer, other_key)) return {};
  const bool is_nobody = bearer.empty();
  std::string detail = "This is for whoever runs the server: send the secret key as apikey";
  if (token) detail.append(", or 'Authorization: Bearer <").append(token->name).append(">'");
  return problem(is_nobody ? ErrorCode::missing_credentials : ErrorCode::invalid_token,
                 detail.append("."));
}

bool has_secret_key(Call& call) {
  const auto& headers = call.head().headers;
  const auto& secret = call.settings().secret_key;
  const auto bearer = bearer_of(headers);
  return text::equals_in_constant_time(
      bearer.empty() ? headers.find("apikey").value_or("") : bearer, secret);
}

}  // namespace fabula::engine
