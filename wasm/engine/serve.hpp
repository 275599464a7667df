// The work that every function does around its endpoints: head, settings, CORS, routing, errors,
// the log.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/api/undocumented.hpp"
#include "shared/database/function.hpp"
#include "shared/http/router.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct EndpointRoute;

// The route of a request, and the values of its pattern's placeholders.
struct Match {
  const EndpointRoute& route;
  const std::vector<http::Capture>& captures;
};

// An endpoint answers through the call. A Problem that it returns becomes the response if none has
// begun; otherwise the endpoint must have informed the client itself, and the Problem is only
// logged.
using Endpoint = runtime::Task<Result<void>> (*)(Call&, const Match&);

struct EndpointRoute {
  const api::Operation* operation;
  Endpoint endpoint;
  // The database function of endpoints that pass the request on (forward.hpp).
  const database::Declaration* function = nullptr;
};

// Makes the row of a route in a function's table.
template <const api::Operation& kOperation>
constexpr EndpointRoute route(Endpoint endpoint) {
  return {&api::kUndocumented<&kOperation>, endpoint};
}

template <const api::Operation& kOperation>
constexpr EndpointRoute route(Endpoint endpoint, const database::Declaration& function) {
  return {&api::kUndocumented<&kOperation>, endpoint, &function};
}

// Answers `GET /<name>/health`.
runtime::Task<Result<void>> health(Call& call, const Match& match);

// Answers `GET /<name>/health/ready`, whose database function is any that reads nothing:
// database_unavailable when it does not answer.
runtime::Task<Result<void>> ready(Call& call, const Match& match);

// Serves one request with the routes of the function `name`.
runtime::Task<void> serve(runtime::Context& context, std::string_view name,
                          std::span<const EndpointRoute> routes);

}  // namespace fabula::engine
