// Finds the endpoint of a request in a constant table of routes.
//
//   constexpr std::array kRoutes{Route{"GET", "/chat/health"},
//                                Route{"GET", "/chat/messages/{message_id}/takes"}};
//   auto match = match_route(kRoutes, head.method, url.segments);
//
// A pattern is a path; `{name}` matches one segment that is not empty. The platform's prefix
// `/functions/v1`, which Supabase strips and others keep, is optional and not written in patterns.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::http {

struct Route {
  std::string_view method;
  std::string_view pattern;
};

struct Capture {
  std::string_view name;  // the placeholder's name
  std::string value;      // decoded
};

struct RouteMatch {
  std::size_t index = 0;          // index of the route in the table
  std::vector<Capture> captures;  // in the pattern's order

  // The segment for `{name}`; empty when the pattern has no such placeholder.
  std::string_view capture(std::string_view name) const;
};

// The first route that matches. If several patterns match the path, those with the fewest
// placeholders win, as in OpenAPI: DELETE /sessions/health does not delete a session named
// "health". `segments` is Url::segments; their trailing slash is already removed. Refusals:
// not_found, or method_not_allowed when another method would match.
Result<RouteMatch> match_route(std::span<const Route> routes, std::string_view method,
                               const std::vector<std::string>& segments);

// The `Allow` header that a 405 must carry, such as "GET, POST, OPTIONS".
std::string allowed_methods(std::span<const Route> routes,
                            const std::vector<std::string>& segments);

}  // namespace fabula::http
