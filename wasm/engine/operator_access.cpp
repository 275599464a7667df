#include "wasm/engine/operator_access.hpp"

#include <string>
#include <string_view>
#include <vector>

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

// Compares with all, so that the time does not tell which one was tried.
bool is_secret_key(const std::vector<std::string>& keys, std::string_view sent) {
  bool is_one = false;
  for (const auto& key : keys) is_one |= text::equals_in_constant_time(sent, key);
  return is_one;
}

// Whether the setting has a value, which is this.
bool is_value_of(Call& call, const settings::Setting* setting, std::string_view sent) {
  const auto value = setting ? call.setting_values().text(*setting) : std::string_view();
  return !value.empty() && text::equals_in_constant_time(sent, value);
}

}  // namespace

Result<void> require_operator(Call& call, const settings::Setting* token,
                              const settings::Setting* previous_token) {
  if (runtime::is_scheduled(call.context())) return {};
  const auto& headers = call.head().headers;
  const auto bearer = bearer_of(headers);
  const auto key = headers.find("apikey").value_or("");
  const auto& secrets = call.settings().secret_keys;
  if (is_secret_key(secrets, bearer) || is_secret_key(secrets, key)) return {};
  if (is_value_of(call, token, bearer) || is_value_of(call, previous_token, bearer)) return {};
  const bool is_nobody = bearer.empty();
  std::string detail = "This is for whoever runs the server: send the secret key as apikey";
  if (token) detail.append(", or 'Authorization: Bearer <").append(token->name).append(">'");
  return problem(is_nobody ? ErrorCode::missing_credentials : ErrorCode::invalid_token,
                 detail.append("."));
}

bool has_secret_key(Call& call) {
  const auto& headers = call.head().headers;
  const auto bearer = bearer_of(headers);
  return is_secret_key(call.settings().secret_keys,
                       bearer.empty() ? headers.find("apikey").value_or("") : bearer);
}

}  // namespace fabula::engine
