// Finds the endpoint of a request in a constant table of routes.
//
//   enum class Endpoint { health, post_chat, list_takes };
//   constexpr std::array kRoutes{
//       Route<Endpoint>{"GET", "/chat/health", Endpoint::health},
//       Route<Endpoint>{"GET", "/chat/messages/{id}/takes", Endpoint::list_takes}};
//   auto match = match_route(kRoutes, head.method, url.segments);
//
// A pattern is a path; `{name}` stands for one segment that is not empty. The platform's prefix
// `/functions/v1`, which Supabase strips and others keep, is optional and not written in patterns.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::http {

template <class Endpoint>
struct Route {
  std::string_view method;
  std::string_view pattern;
  Endpoint endpoint;
};

struct Capture {
  std::string_view name;  // of the pattern
  std::string value;      // decoded
};

template <class Endpoint>
struct RouteMatch {
  Endpoint endpoint;
  std::vector<Capture> captures;  // in the order of the pattern

  // The segment that stood for `{name}`; empty when the pattern has none of that name.
  std::string_view capture(std::string_view name) const {
    for (const auto& found : captures) {
      if (found.name == name) return found.value;
    }
    return {};
  }
};

// What the pattern captures from the path, or nothing when it does not match.
std::optional<std::vector<Capture>> match_pattern(std::string_view pattern,
                                                  const std::vector<std::string>& segments);

// not_found, or method_not_allowed when another method would match.
tl::unexpected<Problem> no_route(bool has_other_method);

// The first route that matches. `segments` is Url::segments; their trailing slash is already gone.
template <class Endpoint, std::size_t kCount>
Result<RouteMatch<Endpoint>> match_route(const std::array<Route<Endpoint>, kCount>& routes,
                                         std::string_view method,
                                         const std::vector<std::string>& segments) {
  bool has_other_method = false;
  for (const auto& route : routes) {
    auto captures = match_pattern(route.pattern, segments);
    if (!captures) continue;
    if (route.method == method) return RouteMatch<Endpoint>{route.endpoint, std::move(*captures)};
    has_other_method = true;
  }
  return no_route(has_other_method);
}

// The `Allow` header that a 405 must carry, such as "GET, POST, OPTIONS".
template <class Endpoint, std::size_t kCount>
std::string allowed_methods(const std::array<Route<Endpoint>, kCount>& routes,
                            const std::vector<std::string>& segments) {
  std::string allowed;
  for (const auto& route : routes) {
    if (!match_pattern(route.pattern, segments)) continue;
    allowed += route.method;
    allowed += ", ";
  }
  return allowed + "OPTIONS";
}

}  // namespace fabula::http
