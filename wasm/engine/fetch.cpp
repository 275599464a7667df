#include "wasm/engine/fetch.hpp"

#include <utility>

#include "shared/http/head.hpp"
#include "shared/http/media_type.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;
using Outcome = tl::expected<Fetched, FetchFault>;

constexpr std::uint32_t kTimeoutMs = 10'000;

std::string media_type_of(const std::string& head) {
  const auto parsed = http::parse_response_head(head);
  if (!parsed) return {};
  auto type = http::parse_media_type(parsed->headers.find("content-type").value_or(""));
  return type ? std::move(type->type) : std::string();
}

Task<Outcome> exchange(Context& context, std::string_view head, std::size_t limit_bytes) {
  runtime::HttpRequest request(context, head, {});
  if (!(co_await request).is_ok()) co_return tl::unexpected(FetchFault::unreachable);
  auto answer = request.take_answer();
  Fetched fetched{answer.status(), media_type_of(answer.head()), {}};
  if (fetched.status != 200) co_return std::move(fetched);
  auto body = co_await runtime::read_whole(context, answer.stream(), limit_bytes);
  if (!body) {
    co_return tl::unexpected(body.error() == runtime::BodyFault::too_large
                                 ? FetchFault::too_large
                                 : FetchFault::unreachable);
  }
  fetched.body = std::move(*body);
  co_return std::move(fetched);
}

Task<void> timeout(Context& context) { co_await runtime::Timer(context, kTimeoutMs); }

}  // namespace

Task<Outcome> fetch(Context& context, std::string_view head, std::size_t limit_bytes) {
  auto first = co_await runtime::when_any(exchange(context, head, limit_bytes), timeout(context));
  if (first.index() == 1) co_return tl::unexpected(FetchFault::unreachable);
  co_return std::get<0>(std::move(first));
}

}  // namespace fabula::engine
