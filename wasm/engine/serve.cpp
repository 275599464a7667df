#include "wasm/engine/serve.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/api/preconditions.hpp"
#include "shared/database/rpc.hpp"
#include "shared/http/cors.hpp"
#include "shared/http/problem_response.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

using runtime::Task;

namespace {

struct Found {
  const EndpointRoute* route = nullptr;
  std::vector<http::Capture> captures;
};

http::Response refusal(Call& call, const Problem& problem) {
  call.note_problem(problem);
  return http::problem_response(problem, call.log().request_id);
}

// Checks head, settings, route and preconditions: either sets `found`, or returns the answer.
std::optional<http::Response> answer_without_endpoint(Call& call,
                                                      std::span<const EndpointRoute> routes,
                                                      Found& found) {
  auto opened = call.read_head();
  if (opened) opened = call.read_settings();
  if (!opened) return refusal(call, opened.error());
  if (http::is_preflight(call.head())) {
    return http::Response{http::preflight_response(call.cors(), call.head()), {}};
  }
  std::vector<http::Route> table;
  table.reserve(routes.size());
  for (const auto& route : routes) {
    table.push_back({route.operation->method, route.operation->pattern});
  }
  auto match = http::match_route(table, call.head().method, call.url().segments);
  if (match) {
    const auto& operation = *routes[match->index].operation;
    const auto checked = api::check_preconditions(operation, call.head().headers);
    if (!checked) return refusal(call, checked.error());
    found = {&routes[match->index], std::move(match->captures)};
    return std::nullopt;
  }
  auto response = refusal(call, match.error());
  if (match.error().code == ErrorCode::method_not_allowed) {
    response.head.headers.set("allow", http::allowed_methods(table, call.url().segments));
  }
  return response;
}

}  // namespace

Task<Result<void>> health(Call& call, const Match&) {
  http::Response response;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  response.body = R"({"status":"ok","function":")" + std::string(call.log().function) + "\"}";
  co_await call.send(std::move(response));
  co_return {};
}

Task<Result<void>> ready(Call& call, const Match& match) {
  co_await call_with_body(call.context(), call.database(), *match.route.function,
                          database::body_of("{}"));
  co_await health(call, match);
  co_return {};
}

Task<void> serve(runtime::Context& context, std::string_view name,
                 std::span<const EndpointRoute> routes) {
  Call call(context, name);
  Found found;
  if (auto answer = answer_without_endpoint(call, routes, found)) {
    co_await call.send(std::move(*answer));
  } else {
    call.set_operation(*found.route->operation, found.captures);
    auto result = co_await found.route->endpoint(call, {*found.route, found.captures});
    if (!result) co_await call.refuse(result.error());
  }
  call.write_log("request");
}

}  // namespace fabula::engine
