#include "shared/http/router.hpp"

#include <algorithm>
#include <utility>

#include "shared/text/split.hpp"

namespace fabula::http {
namespace {

bool is_placeholder(std::string_view part) {
  return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

// The index of the first segment after the platform's prefix.
std::size_t prefix_segments(const std::vector<std::string>& segments) {
  const bool has_prefix = segments.size() > 2 && segments[0] == "functions" && segments[1] == "v1";
  return has_prefix ? 2 : 0;
}

// The pattern's captures from the path, or nothing when it does not match.
std::optional<std::vector<Capture>> match_pattern(std::string_view pattern,
                                                  const std::vector<std::string>& segments) {
  std::vector<Capture> captures;
  std::size_t next = prefix_segments(segments);
  text::Splitter parts(pattern.substr(1), '/');
  while (const auto part = parts.next()) {
    if (next == segments.size()) return std::nullopt;
    const auto& segment = segments[next++];
    if (is_placeholder(*part)) {
      if (segment.empty()) return std::nullopt;
      captures.push_back(Capture{part->substr(1, part->size() - 2), segment});
    } else if (segment != *part) {
      return std::nullopt;
    }
  }
  if (next != segments.size()) return std::nullopt;
  return captures;
}

// The index of the matching pattern with the fewest captures; nothing when none matches.
std::optional<std::size_t> fewest_captures(std::span<const Route> routes,
                                           const std::vector<std::string>& segments) {
  std::optional<std::size_t> fewest;
  for (const auto& route : routes) {
    const auto captures = match_pattern(route.pattern, segments);
    if (captures) fewest = std::min(fewest.value_or(captures->size()), captures->size());
  }
  return fewest;
}

}  // namespace

std::string_view RouteMatch::capture(std::string_view name) const {
  for (const auto& found : captures) {
    if (found.name == name) return found.value;
  }
  return {};
}

Result<RouteMatch> match_route(std::span<const Route> routes, std::string_view method,
                               const std::vector<std::string>& segments) {
  const auto fewest = fewest_captures(routes, segments);
  if (!fewest) return problem(ErrorCode::not_found, "There is nothing at this path.");
  for (std::size_t index = 0; index < routes.size(); ++index) {
    if (routes[index].method != method) continue;
    auto captures = match_pattern(routes[index].pattern, segments);
    if (captures && captures->size() == *fewest) return RouteMatch{index, std::move(*captures)};
  }
  return problem(ErrorCode::method_not_allowed,
                 "This path does not take that method. The Allow header names those it takes.");
}

std::string allowed_methods(std::span<const Route> routes,
                            const std::vector<std::string>& segments) {
  const auto fewest = fewest_captures(routes, segments);
  std::string allowed;
  for (const auto& route : routes) {
    const auto captures = match_pattern(route.pattern, segments);
    if (!captures || captures->size() != *fewest) continue;
    allowed += route.method;
    allowed += ", ";
  }
  return allowed + "OPTIONS";
}

}  // namespace fabula::http
