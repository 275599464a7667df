// The heads of requests and responses as guest and host exchange them (wasm/abi/abi.json, "heads"):
// a first line, `METHOD URL` or `STATUS`, then one line `name: value` for each header, each ended
// by LF.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"

namespace fabula::http {

struct RequestHead {
  std::string method;  // as sent; methods are case-sensitive
  std::string url;     // absolute, percent-encoded
  Headers headers;
};

struct ResponseHead {
  int status = 200;
  Headers headers;
};

// A head that breaks the rules above is the host's fault: internal_error, with the rule as cause.
Result<RequestHead> parse_request_head(std::string_view text);
Result<ResponseHead> parse_response_head(std::string_view text);

// Refuses (internal_error) anything that could inject a line or make a platform's fetch throw: a
// name or method that is no token, a URL with anything but visible ASCII, a value with anything but
// visible ASCII, spaces and tabs, a status outside 100..599.
Result<std::string> serialize(const RequestHead& head);
Result<std::string> serialize(const ResponseHead& head);

}  // namespace fabula::http
