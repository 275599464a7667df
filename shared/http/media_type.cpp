#include "shared/http/media_type.hpp"

#include <cstddef>
#include <utility>

#include "shared/http/token.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::http {
namespace {

// Removes and returns the part of `text` before the next `separator` outside quotes.
std::string_view take_part(std::string_view& text, char separator) {
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (is_quoted && c == '\\') {
      ++end;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == separator && !is_quoted) {
      break;
    }
  }
  const auto part = text.substr(0, end);
  text.remove_prefix(end < text.size() ? end + 1 : text.size());
  return text::trim(part);
}

struct Parameter {
  std::string_view name;
  std::string_view value;  // without its quotes; escapes are kept
};

std::optional<Parameter> parse_parameter(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto name = text.substr(0, equals);
  auto value = text.substr(equals + 1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  } else if (!is_token(value)) {
    return std::nullopt;
  }
  if (!is_token(name)) return std::nullopt;
  return Parameter{name, value};
}

bool is_type_and_subtype(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_token(text.substr(0, slash)) &&
         is_token(text.substr(slash + 1));
}

// RFC 9110, section 12.4.2: 0 to 1 with at most three decimals.
std::optional<int> parse_quality(std::string_view text) {
  constexpr std::size_t kLongest = 5;
  if (text.empty() || text.size() > kLongest || (text[0] != '0' && text[0] != '1')) {
    return std::nullopt;
  }
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int quality = (text[0] - '0') * kHighestQuality;
  int unit = kHighestQuality / 10;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (!text::is_digit(text[i])) return std::nullopt;
    quality += (text[i] - '0') * unit;
  }
  if (quality > kHighestQuality) return std::nullopt;
  return quality;
}

// The `q` among a media range's parameters; nothing when one of them is malformed.
std::optional<int> quality_of(std::string_view parameters) {
  std::optional<int> quality = kHighestQuality;
  while (quality && !parameters.empty()) {
    const auto part = take_part(parameters, ';');
    if (part.empty()) continue;
    const auto parameter = parse_parameter(part);
    if (!parameter) return std::nullopt;
    if (text::equal_ignoring_case(parameter->name, "q")) quality = parse_quality(parameter->value);
  }
  return quality;
}

// How specifically a media range names a type: 3 for the type itself, 2 for `type/*`, 1 for `*/*`,
// or 0 for no match.
int specificity(std::string_view range, std::string_view type) {
  if (text::equal_ignoring_case(range, type)) return 3;
  if (range == "*/*") return 1;
  const auto slash = type.find('/');
  const bool is_family =
      range.size() == slash + 2 && range.back() == '*' &&
      text::equal_ignoring_case(range.substr(0, slash + 1), type.substr(0, slash + 1));
  return is_family ? 2 : 0;
}

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view text) {
  const auto type = take_part(text, ';');
  if (!is_type_and_subtype(type)) return std::nullopt;
  MediaType media{text::to_lower(type), {}};
  while (!text.empty()) {
    const auto part = take_part(text, ';');
    if (part.empty()) continue;
    const auto parameter = parse_parameter(part);
    if (!parameter) return std::nullopt;
    if (text::equal_ignoring_case(parameter->name, "charset")) {
      media.charset = text::to_lower(parameter->value);
    }
  }
  return media;
}

Result<void> require_json(std::optional<std::string_view> content_type) {
  if (!content_type) return {};
  const auto media = parse_media_type(*content_type);
  if (media && media->type == "application/json" &&
      (media->charset.empty() || media->charset == "utf-8" || media->charset == "utf8")) {
    return {};
  }
  return problem(ErrorCode::unsupported_media_type,
                 "Send the body as JSON in UTF-8, with Content-Type: application/json.");
}

int accept_quality(std::optional<std::string_view> accept, std::string_view type) {
  if (!accept || text::trim(*accept).empty()) return kHighestQuality;
  int best_specificity = 0;
  int best_quality = 0;
  auto ranges = *accept;
  while (!ranges.empty()) {
    auto range = take_part(ranges, ',');
    const int closeness = specificity(take_part(range, ';'), type);
    const auto quality = quality_of(range);
    if (quality && closeness > best_specificity) {
      best_specificity = closeness;
      best_quality = *quality;
    }
  }
  return best_quality;
}

Result<void> require_acceptable(std::optional<std::string_view> accept, std::string_view type) {
  if (accept_quality(accept, type) > 0) return {};
  return problem(ErrorCode::not_acceptable,
                 "This answer is " + std::string(type) + ". Name it in the Accept header.");
}

}  // namespace fabula::http
