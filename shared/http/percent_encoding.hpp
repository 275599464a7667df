// Percent-encoding of URL parts (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fabula::http {

// Encodes everything but unreserved characters as %XX: correct for one path segment and for a
// query's names and values.
std::string percent_encode(std::string_view text);

// Nothing when a `%` is not followed by two hexadecimal digits. The result may be any bytes.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace fabula::http
