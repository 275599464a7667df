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

}  // namespace

Task<Outcome> fetch(Context& context, FetchRequest request) {
  runtime::Spawned<Outcome> answer(exchange(context, request));
  runtime::Timer timeout(context, request.timeout_ms);
  co_await runtime::first_of(answer, timeout);
  if (!answer.is_ready()) co_return tl::unexpected(FetchFault::timeout);
  co_return answer.take();
}

}  // namespace fabula::engine
