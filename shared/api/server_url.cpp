#include "shared/api/server_url.hpp"

namespace fabula::api {
namespace {

constexpr std::string_view kPrefix = "/functions/v1";
constexpr std::string_view kRuntimeHost = "edge-runtime.supabase.com";
constexpr std::string_view kSupabaseDomain = ".supabase.co";
constexpr std::string_view kFunctionsDomain = ".functions.supabase.co";

std::string origin(const http::Url& url) {
  std::string out = url.scheme + "://" + url.host;
  const int normal_port = url.scheme == "https" ? 443 : 80;
  if (url.port != normal_port) out += ":" + std::to_string(url.port);
  return out;
}

// The origin that a proxy was called at; the request's own when there is no proxy.
http::Url asked_url(const http::Url& url, const http::Headers& headers) {
  const auto host = headers.find("x-forwarded-host");
  if (!host) return url;
  const auto scheme = headers.find("x-forwarded-proto");
  auto asked =
      http::parse_url(std::string(scheme.value_or(url.scheme)) + "://" + std::string(*host));
  return asked ? *asked : url;
}

}  // namespace

std::string server_url(const http::Url& url, const http::Headers& headers,
                       std::string_view supabase_url) {
  const auto asked = asked_url(url, headers);
  if (asked.host == kRuntimeHost) return std::string(supabase_url).append(kPrefix);
  const std::string_view host = asked.host;
  const bool is_prefix_taken_off =
      headers.find("x-forwarded-prefix").value_or("").starts_with(kPrefix) ||
      (host.ends_with(kSupabaseDomain) && !host.ends_with(kFunctionsDomain));
  const bool has_prefix = url.path.starts_with(std::string(kPrefix) + "/") || is_prefix_taken_off;
  return origin(asked).append(has_prefix ? kPrefix : "");
}

}  // namespace fabula::api
