#include "functions/redoc/redoc.hpp"

#include <array>
#include <utility>

#include "shared/api/endpoints/docs.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::redoc_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr int kPermanentRedirect = 308;

Task<Result<void>> redirect(Call& call, const Match&) {
  http::Response response;
  response.head.status = kPermanentRedirect;
  // Relative to the requested path, with or without the platform's prefix.
  response.head.headers.set("location", call.url().path.ends_with('/') ? "../docs" : "docs");
  response.head.headers.set("cache-control", "no-cache");
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::docs::kRedirect>(&redirect),
    engine::route<api::docs::kRedocHealth>(&engine::health),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "redoc", kRoutes); }

}  // namespace fabula::redoc_function
