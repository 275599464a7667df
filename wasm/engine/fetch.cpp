#include "wasm/engine/fetch.hpp"

#include <utility>

#include "wasm/runtime/body.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;
using Outcome = tl::expected<Fetched, FetchFault>;

Task<Outcome> exchange(Context& context, FetchRequest wanted) {
  runtime::HttpRequest request(context, wanted.head, wanted.body);
  if (!(co_await request).is_ok()) co_return tl::unexpected(FetchFault::unreachable);
  auto answer = request.take_answer();
  if (wanted.answer_head) *wanted.answer_head = answer.head();
  const auto status = answer.status();
  auto body = co_await runtime::read_whole(context, answer.stream(), wanted.limit_bytes);
  if (body) co_return Fetched{status, std::move(*body)};
  if (body.error() == runtime::BodyFault::broken) co_return tl::unexpected(FetchFault::broken);
  if (status >= 300) co_return Fetched{status, {}};
  co_return tl::unexpected(FetchFault::too_large);
}

Task<void> timeout(Context& context, std::uint32_t timeout_ms) {
  co_await runtime::Timer(context, timeout_ms);
}

}  // namespace

Task<Outcome> fetch(Context& context, FetchRequest request) {
  auto first =
      co_await runtime::when_any(exchange(context, request), timeout(context, request.timeout_ms));
  if (first.index() == 1) co_return tl::unexpected(FetchFault::timeout);
  co_return std::get<0>(std::move(first));
}

}  // namespace fabula::engine
