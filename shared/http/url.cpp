#include "shared/http/url.hpp"

#include <algorithm>
#include <utility>

#include "shared/http/percent_encoding.hpp"
#include "shared/http/token.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::http {
namespace {

// RFC 1035, section 2.3.4.
constexpr std::size_t kMaximumHostBytes = 253;
constexpr std::size_t kMaximumLabelBytes = 63;

tl::unexpected<Problem> refused(std::string_view detail) {
  return problem(ErrorCode::invalid_request, detail);
}

// A decimal number without leading zeros, at most `maximum`.
std::optional<unsigned> parse_decimal(std::string_view digits, unsigned maximum) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  unsigned value = 0;
  for (const char digit : digits) {
    if (!text::is_digit(digit)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(digit - '0');
    if (value > maximum) return std::nullopt;
  }
  return value;
}

bool is_dotted_ipv4(std::string_view host) {
  constexpr unsigned kHighestByte = 255;
  int count = 0;
  text::Splitter parts(host, '.');
  while (const auto part = parts.next()) {
    if (!parse_decimal(*part, kHighestByte)) return false;
    ++count;
  }
  return count == 4;
}

// WHATWG URL's "ends in a number": such a host is read as an IPv4 address or refused.
bool ends_in_number(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  auto last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  if (std::all_of(last.begin(), last.end(), text::is_digit)) return true;
  if (last.size() < 2 || last[0] != '0' || text::to_lower(last[1]) != 'x') return false;
  last.remove_prefix(2);
  return std::all_of(last.begin(), last.end(),
                     [](char c) { return text::hex_digit_value(c) >= 0; });
}

bool is_bracketed_ipv6(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  const auto address = host.substr(1, host.size() - 2);
  return address.find(':') != std::string_view::npos &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return text::hex_digit_value(c) >= 0 || c == ':' || c == '.'; });
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kMaximumHostBytes) return false;
  text::Splitter labels(host, '.');
  while (const auto label = labels.next()) {
    if (label->empty() || label->size() > kMaximumLabelBytes) return false;
    const bool is_plain = std::all_of(label->begin(), label->end(), [](char c) {
      return text::is_alphanumeric(c) || c == '-' || c == '_';  // Docker's names have underscores
    });
    if (!is_plain) return false;
  }
  return !ends_in_number(host) || is_dotted_ipv4(host);
}

Result<std::string> decoded(std::string_view part) {
  auto value = percent_decode(part);
  if (!value) return refused("The URL has a % that is not followed by two hexadecimal digits.");
  if (value->find('\0') != std::string::npos || !text::is_valid_utf8(*value)) {
    return problem(ErrorCode::invalid_utf8, "The URL's encoded text is not valid UTF-8.");
  }
  return std::move(*value);
}

Result<void> read_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return refused("The URL names a user. Leave out everything up to the @.");
  }
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  url.host = text::to_lower(authority.substr(0, has_port ? colon : authority.size()));
  if (!is_host_name(url.host) && !is_bracketed_ipv6(url.host)) {
    return refused("The URL has no valid host name.");
  }
  if (!has_port) {
    url.port = url.scheme == "https" ? 443 : 80;
    return {};
  }
  constexpr unsigned kHighestPort = 65535;
  const auto port = parse_decimal(authority.substr(colon + 1), kHighestPort);
  if (!port || *port == 0) return refused("The URL's port is not a number from 1 to 65535.");
  url.port = static_cast<std::uint16_t>(*port);
  return {};
}

Result<void> read_path(std::string_view path, Url& url) {
  url.path = path.empty() ? "/" : std::string(path);
  if (url.path.find('\\') != std::string::npos) return refused("The URL's path has a backslash.");
  if (url.path == "/") return {};
  auto rest = std::string_view(url.path).substr(1);
  if (rest.back() == '/') rest.remove_suffix(1);
  text::Splitter parts(rest, '/');
  while (const auto part = parts.next()) {
    auto segment = decoded(*part);
    if (!segment) return tl::unexpected(std::move(segment.error()));
    if (*segment == "." || *segment == "..") return refused("The URL's path has a dot segment.");
    url.segments.push_back(std::move(*segment));
  }
  return {};
}

Result<void> read_query(std::string_view query, Url& url) {
  text::Splitter pairs(query, '&');
  while (const auto pair = pairs.next()) {
    if (pair->empty()) continue;
    std::string form(*pair);
    std::replace(form.begin(), form.end(), '+', ' ');
    const auto equals = form.find('=');
    const auto written = std::string_view(form);
    auto name = decoded(written.substr(0, equals));
    if (!name) return tl::unexpected(std::move(name.error()));
    auto value = decoded(equals == std::string::npos ? "" : written.substr(equals + 1));
    if (!value) return tl::unexpected(std::move(value.error()));
    url.query.push_back(QueryParameter{std::move(*name), std::move(*value)});
  }
  return {};
}

}  // namespace

std::optional<std::string_view> Url::query_value(std::string_view name) const {
  for (const auto& parameter : query) {
    if (parameter.name == name) return std::string_view(parameter.value);
  }
  return std::nullopt;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaximumUrlBytes) return refused("The URL is longer than 8192 bytes.");
  if (!std::all_of(text.begin(), text.end(), is_visible_ascii)) {
    return refused("The URL has a character that must be percent-encoded.");
  }
  if (text.find('#') != std::string_view::npos) return refused("The URL has a fragment.");

  Url url;
  constexpr std::string_view kSeparator = "://";
  const auto separator = text.find(kSeparator);
  if (separator != std::string_view::npos) url.scheme = text::to_lower(text.substr(0, separator));
  if (url.scheme != "http" && url.scheme != "https") {
    return refused("The URL does not begin with http:// or https://.");
  }
  text.remove_prefix(separator + kSeparator.size());

  const auto query_start = text.find('?');
  const auto location = text.substr(0, query_start);
  const auto path_start = std::min(location.find('/'), location.size());
  auto read = read_authority(location.substr(0, path_start), url);
  if (read) read = read_path(location.substr(path_start), url);
  if (read && query_start != std::string_view::npos) {
    read = read_query(text.substr(query_start + 1), url);
  }
  if (!read) return tl::unexpected(std::move(read.error()));
  return url;
}

bool is_ip_literal(std::string_view host) {
  return (!host.empty() && host.front() == '[') || ends_in_number(host);
}

bool is_loopback(std::string_view host) {
  constexpr std::string_view kBelowLocalhost = ".localhost";
  return host == "localhost" || host.ends_with(kBelowLocalhost) || host == "[::1]" ||
         (host.starts_with("127.") && is_dotted_ipv4(host));
}

}  // namespace fabula::http
