#include "shared/admission/limits.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/json/document.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::admission {
namespace {

constexpr std::int64_t kMost = 1'000'000'000'000'000;

bool has_limit(std::string_view scope, std::string_view name) {
  constexpr std::array kOfCaller = {"requests", "window_seconds", "streams", "open_jobs",
                                    "tokens_a_day"};
  constexpr std::array kOfPrefix = {"requests", "window_seconds", "new_guests",
                                    "guest_window_seconds"};
  constexpr std::array kOfDeployment = {"requests",     "window_seconds",       "guest_requests",
                                        "new_guests",   "guest_window_seconds", "streams",
                                        "tokens_a_day", "tokens_a_month",       "guest_percent"};
  constexpr std::array kOfPublicBot = {"requests", "window_seconds"};
  const auto is_among = [name](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (scope == "guest" || scope == "user" || scope == "key") return is_among(kOfCaller);
  if (scope == "prefix") return is_among(kOfPrefix);
  if (scope == "public_bot") return is_among(kOfPublicBot);
  return scope == "deployment" && is_among(kOfDeployment);
}

tl::unexpected<Problem> unusable(std::string_view fault) {
  return problem(ErrorCode::internal_error, "The server's settings are wrong. Tell its owner.",
                 std::string("FABULA_LIMITS ").append(fault));
}

bool is_number(const json::Document& value) {
  const auto* number = value.get_ptr<const json::Document::number_unsigned_t*>();
  return number && *number <= static_cast<std::uint64_t>(kMost);
}

}  // namespace

Result<std::string> check_limits(std::string_view setting) {
  if (text::trim(setting).empty()) return {};
  const auto document = json::parse(setting);
  if (!document || !document->is_object()) {
    return unusable(R"(must be a JSON object such as {"guest": {"requests": 30}})");
  }
  for (const auto& [scope, limits] : document->items()) {
    if (!limits.is_object()) return unusable("must have an object for " + scope);
    for (const auto& [name, value] : limits.items()) {
      if (!has_limit(scope, name)) {
        return unusable(std::string("knows no ").append(scope).append(".").append(name));
      }
      if (!is_number(value)) {
        return unusable(
            std::string("needs a natural number for ").append(scope).append(".").append(name));
      }
    }
  }
  return json::dump(*document);
}

}  // namespace fabula::admission
