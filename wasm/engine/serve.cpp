#include "wasm/engine/serve.hpp"

#include "shared/http/problem_response.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

using runtime::Task;

Task<Result<void>> health(Call& call, const http::RouteMatch<std::size_t>&) {
  http::Response response;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  response.body = R"({"status":"ok","function":")" + std::string(call.log().function) + "\"}";
  co_await call.send(std::move(response));
  co_return {};
}

namespace detail {

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

}  // namespace detail
}  // namespace fabula::engine
