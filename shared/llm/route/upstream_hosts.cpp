#include "shared/llm/route/upstream_hosts.hpp"

#include <algorithm>
#include <string>

#include "shared/http/host_list.hpp"
#include "shared/http/url.hpp"
#include "shared/llm/route/providers.hpp"

namespace fabula::llm {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

// `https://api.openai.com/v1` has the host `api.openai.com`.
constexpr std::string_view host_of(std::string_view base_url) {
  constexpr std::string_view kHttps = "https://";
  if (!base_url.starts_with(kHttps)) return {};
  base_url.remove_prefix(kHttps.size());
  return base_url.substr(0, base_url.find('/'));
}

bool is_known_host(const http::Url& url) {
  return url.scheme == "https" && url.port == kHttpsPort &&
         std::any_of(kProviders.begin(), kProviders.end(), [&url](const Provider& provider) {
           return host_of(provider.default_base_url) == url.host;
         });
}

}  // namespace

Result<void> check_upstream(std::string_view address, std::string_view allowed_hosts,
                            bool is_development) {
  const auto refuse = [](std::string_view rule) {
    return problem(ErrorCode::invalid_request,
                   std::string("access_path ").append(rule).append("."));
  };
  const auto url = http::parse_url(address);
  if (!url || !url->query.empty()) return refuse("is not a plain URL like https://host/v1");
  if (!is_development) {
    if (url->scheme != "https") return refuse("must be https");
    if (http::is_ip_literal(url->host) || http::is_loopback(url->host)) {
      return refuse("must name a host on the internet, not a number or this machine");
    }
  }
  if (is_known_host(*url) || http::is_listed_host(*url, allowed_hosts, is_development)) return {};
  return refuse(
      "names a host that this server does not talk to: use a known provider's, or ask whoever runs "
      "the server to add it to FABULA_UPSTREAM_HOSTS");
}

}  // namespace fabula::llm
