// The type of a request's body and of its answer: the parts of Content-Type and Accept (RFC 9110,
// sections 8.3 and 12.5.1) that JSON bodies and event streams need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::http {

struct MediaType {
  std::string type;     // lower case, such as "application/json"
  std::string charset;  // lower case, empty when not named
};

// Nothing when the text is no media type. Other parameters are ignored.
std::optional<MediaType> parse_media_type(std::string_view text);

// For a body that must be JSON: unsupported_media_type unless the Content-Type is application/json
// and its charset, if named, UTF-8. A request without a type is assumed to be JSON.
Result<void> require_json(std::optional<std::string_view> content_type);

inline constexpr int kHighestQuality = 1000;

// The quality of `type` in the Accept header, in thousandths: 0 is "not at all". The most specific
// range decides; without a header everything is accepted. Malformed ranges are ignored.
int accept_quality(std::optional<std::string_view> accept, std::string_view type);

// not_acceptable unless `type` has a quality above 0.
Result<void> require_acceptable(std::optional<std::string_view> accept, std::string_view type);

}  // namespace fabula::http
