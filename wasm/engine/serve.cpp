#include "wasm/engine/serve.hpp"

#include <string>
#include <utility>

#include "shared/http/cors.hpp"
#include "shared/http/problem_response.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

using runtime::Task;

namespace {

// Head and settings; then preflight is answered. True when an endpoint should go on.
Task<bool> open(Call& call) {
  auto opened = call.read_head();
  if (opened) opened = call.read_settings();
  if (!opened) {
    co_await call.refuse(std::move(opened.error()));
    co_return false;
  }
  if (!http::is_preflight(call.head())) co_return true;
  http::Response response;
  response.head = http::preflight_response(call.cors(), call.head());
  co_await call.send(std::move(response));
  co_return false;
}

Task<void> refuse_route(Call& call, Problem problem, std::string allowed) {
  call.note_problem(problem);
  auto response = http::problem_response(problem, call.log().request_id);
  if (!allowed.empty()) response.head.headers.set("allow", std::move(allowed));
  co_await call.send(std::move(response));
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

Task<void> serve(runtime::Context& context, std::string_view name,
                 std::span<const EndpointRoute> routes) {
  Call call(context, name);
  if (co_await open(call)) {
    std::vector<http::Route> table;
    table.reserve(routes.size());
    for (const auto& route : routes) {
      table.push_back({route.operation->method, route.operation->pattern});
    }
    auto found = http::match_route(table, call.head().method, call.url().segments);
    if (found) {
      const auto& route = routes[found->index];
      auto result = co_await route.endpoint(call, {route, found->captures});
      if (!result) co_await call.refuse(std::move(result.error()));
    } else {
      auto allowed = found.error().code == ErrorCode::method_not_allowed
                         ? http::allowed_methods(table, call.url().segments)
                         : std::string();
      co_await refuse_route(call, std::move(found.error()), std::move(allowed));
    }
  }
  call.write_log("request");
}

}  // namespace fabula::engine
