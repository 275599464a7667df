#include "shared/http/host_list.hpp"

#include <cstdint>
#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::http {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

}  // namespace

bool is_listed_host(const Url& url, std::string_view hosts, bool is_development) {
  const std::string with_port = url.host + ":" + text::integer_text(url.port);
  text::Splitter entries(hosts, ',');
  while (const auto entry = entries.next()) {
    const auto host = text::to_lower(text::trim(*entry));
    if (host.empty()) continue;
    if (host == with_port) return true;
    if (host == url.host && (is_development || url.port == kHttpsPort)) return true;
  }
  return false;
}

}  // namespace fabula::http
