// Absolute http and https URLs, parsed strictly (RFC 3986; without the repairs of browsers).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::http {

// The length that RFC 9110, section 4.1 recommends to support, rounded up.
inline constexpr std::size_t kMaximumUrlBytes = 8192;

struct QueryParameter {
  std::string name;
  std::string value;
};

struct Url {
  std::string scheme;                 // "http" or "https"
  std::string host;                   // lower case; an IPv6 address keeps its brackets
  std::uint16_t port = 0;             // the scheme's default when the text names none
  std::string path;                   // as written, "/" when the text has none
  std::vector<std::string> segments;  // decoded; a trailing slash adds no segment
  std::vector<QueryParameter> query;  // decoded, `+` becomes a space

  // The value of the first parameter with this name; the view lives as long as this object.
  std::optional<std::string_view> query_value(std::string_view name) const;
};

// Refuses (invalid_request): another scheme, user names, fragments, spaces, control characters,
// backslashes, dot segments, a host that is neither a plain name, a dotted IPv4 address nor a
// bracketed IPv6 address, bad ports and bad percent-encoding. Decoded parts that are not UTF-8 or
// hold NUL are invalid_utf8.
Result<Url> parse_url(std::string_view text);

// True for any IPv6 address and anything that a platform would read as an IPv4 address (`127.1`,
// `0x7f.1`). `host` has the form of Url::host.
bool is_ip_literal(std::string_view host);

// True for localhost, names below it, 127.0.0.0/8 and [::1]. Other spellings of the IPv6 address
// are not recognised: loopback only ever permits something.
bool is_loopback(std::string_view host);

}  // namespace fabula::http
