#include "shared/http/head.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/http/token.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::http {
namespace {

constexpr int kLowestStatus = 100;
constexpr int kHighestStatus = 599;

tl::unexpected<Problem> malformed(std::string_view rule) {
  return problem(ErrorCode::internal_error, "The message's head could not be processed.", rule);
}

// Removes and returns the next line of `text`; nothing when no LF ends it.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

bool is_sendable_url(std::string_view url) {
  return !url.empty() && std::all_of(url.begin(), url.end(), is_visible_ascii);
}

bool is_sendable_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return is_visible_ascii(c) || c == ' ' || c == '\t'; });
}

// An incoming value may contain any text character, but none that ends a line or a C string.
bool is_readable_value(std::string_view value) {
  constexpr std::string_view kRefused("\r\0", 2);
  return value.find_first_of(kRefused) == std::string_view::npos;
}

Result<Headers> parse_headers(std::string_view text) {
  Headers headers;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line) return malformed("a header line of a head has no LF at its end");
    const auto colon = line->find(':');
    if (colon == std::string_view::npos) return malformed("a header line of a head has no colon");
    const auto name = line->substr(0, colon);
    const auto value = text::trim(line->substr(colon + 1));
    if (!is_token(name)) return malformed("a header name of a head is no token");
    if (!is_readable_value(value)) return malformed("a header value of a head holds CR or NUL");
    headers.add(name, std::string(value));
  }
  return headers;
}

Result<std::string> with_headers(std::string first_line, const Headers& headers) {
  std::string text = std::move(first_line);
  text += '\n';
  for (const auto& header : headers) {
    if (!is_token(header.name)) return malformed("a header name to send is no token");
    if (!is_sendable_value(header.value)) {
      return malformed("the value to send in header " + header.name + " is not printable ASCII");
    }
    text += header.name;
    text += ": ";
    text += header.value;
    text += '\n';
  }
  return text;
}

}  // namespace

Result<RequestHead> parse_request_head(std::string_view text) {
  const auto line = take_line(text);
  if (!line) return malformed("the first line of a request's head has no LF at its end");
  const auto space = line->find(' ');
  if (space == std::string_view::npos) return malformed("a request's head names no URL");
  const auto method = line->substr(0, space);
  const auto url = line->substr(space + 1);
  if (!is_token(method)) return malformed("the method of a request's head is no token");
  if (!is_sendable_url(url)) return malformed("the URL of a request's head is not visible ASCII");
  auto headers = parse_headers(text);
  if (!headers) return tl::unexpected(std::move(headers.error()));
  return RequestHead{std::string(method), std::string(url), std::move(*headers)};
}

Result<ResponseHead> parse_response_head(std::string_view text) {
  const auto line = take_line(text);
  if (!line) return malformed("the first line of a response's head has no LF at its end");
  if (line->size() != 3 || !std::all_of(line->begin(), line->end(), text::is_digit)) {
    return malformed("the status of a response's head is not three digits");
  }
  int status = 0;
  for (const char digit : *line) status = status * 10 + (digit - '0');
  auto headers = parse_headers(text);
  if (!headers) return tl::unexpected(std::move(headers.error()));
  return ResponseHead{status, std::move(*headers)};
}

Result<std::string> serialize(const RequestHead& head) {
  if (!is_token(head.method)) return malformed("the method to send is no token");
  if (!is_sendable_url(head.url)) return malformed("the URL to send is not visible ASCII");
  return with_headers(head.method + ' ' + head.url, head.headers);
}

Result<std::string> serialize(const ResponseHead& head) {
  if (head.status < kLowestStatus || head.status > kHighestStatus) {
    return malformed("the status to send is outside 100..599");
  }
  std::string status;
  for (int divisor = 100; divisor > 0; divisor /= 10) {
    status += static_cast<char>('0' + head.status / divisor % 10);
  }
  return with_headers(std::move(status), head.headers);
}

}  // namespace fabula::http
