// What every function does around its endpoints: head, settings, CORS, routing, errors, the log.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "shared/http/cors.hpp"
#include "shared/http/router.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// An endpoint answers through the call. A Problem that it returns becomes the response if none has
// begun; after that it must have told the client itself, and the Problem is only logged.
using Endpoint = runtime::Task<Result<void>> (*)(Call&, const http::RouteMatch<std::size_t>&);

struct EndpointRoute {
  std::string_view method;
  std::string_view pattern;  // as in shared/http/router.hpp
  Endpoint endpoint;
};

// Answers `GET /<name>/health`.
runtime::Task<Result<void>> health(Call& call, const http::RouteMatch<std::size_t>& match);

namespace detail {

template <std::size_t kCount>
constexpr auto numbered(const std::array<EndpointRoute, kCount>& routes) {
  std::array<http::Route<std::size_t>, kCount> out{};
  for (std::size_t i = 0; i < kCount; ++i) out[i] = {routes[i].method, routes[i].pattern, i};
  return out;
}

// Head and settings; then preflight is answered. True when an endpoint should go on.
runtime::Task<bool> open(Call& call);
runtime::Task<void> refuse_route(Call& call, Problem problem, std::string allowed);

}  // namespace detail

// Serves one request with the routes of the function `name`.
template <std::size_t kCount>
runtime::Task<void> serve(runtime::Context& context, std::string_view name,
                          const std::array<EndpointRoute, kCount>& endpoints) {
  Call call(context, name);
  if (co_await detail::open(call)) {
    const auto routes = detail::numbered(endpoints);
    auto match = http::match_route(routes, call.head().method, call.url().segments);
    if (match) {
      auto result = co_await endpoints[match->endpoint].endpoint(call, *match);
      if (!result) co_await call.refuse(std::move(result.error()));
    } else {
      auto allowed = match.error().code == ErrorCode::method_not_allowed
                         ? http::allowed_methods(routes, call.url().segments)
                         : std::string();
      co_await detail::refuse_route(call, std::move(match.error()), std::move(allowed));
    }
  }
  call.write_log("request");
}

}  // namespace fabula::engine
