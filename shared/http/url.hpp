// Absolute http and https URLs, taken apart strictly (RFC 3986; no repairs as browsers make them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::http {

// What RFC 9110, section 4.1 asks everybody to take, rounded up.
inline constexpr std::size_t kMaximumUrlBytes = 8192;

struct QueryParameter {
  std::string name;
  std::string value;
};

struct Url {
  std::string scheme;                 // "http" or "https"
  std::string host;                   // lower case; an IPv6 address keeps its brackets
  std::uint16_t port = 0;             // the scheme's own when the text names none
  std::string path;                   // as written, "/" when the text has none
  std::vector<std::string> segments;  // decoded; one trailing slash makes no segment
  std::vector<QueryParameter> query;  // decoded, `+` is a space

  // The value of the first parameter of that name; the view lives as long as this.
  std::optional<std::string_view> query_value(std::string_view name) const;
};

// Refuses (invalid_request): another scheme, user names, fragments, spaces, control characters,
// backslashes, dot segments, a host that is neither a plain name, a dotted IPv4 address nor a
// bracketed IPv6 address, bad ports and bad percent-encoding. Decoded parts that are not UTF-8 or
// hold NUL are invalid_utf8.
Result<Url> parse_url(std::string_view text);

// Any IPv6 address and anything that a platform would read as an IPv4 address (`127.1`, `0x7f.1`).
// `host` is as Url::host.
bool is_ip_literal(std::string_view host);

// localhost, names below it, 127.0.0.0/8 and [::1]. Other spellings of the IPv6 address are not
// recognised: being loopback only ever permits something.
bool is_loopback(std::string_view host);

}  // namespace fabula::http
