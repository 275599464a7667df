#include "wasm/engine/fetch.hpp"

#include <utility>

#include "wasm/runtime/body.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/http_client.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;
using Outcome = tl::expected<Fetched, FetchFault>;

FetchFault fault_of(runtime::BodyFault fault) {
  switch (fault) {
    case runtime::BodyFault::too_large:
      return FetchFault::too_large;
    case runtime::BodyFault::too_slow:
      return FetchFault::timeout;
    default:
      return FetchFault::broken;
  }
}

}  // namespace

Task<Outcome> fetch(Context& context, FetchRequest wanted) {
  runtime::Deadline deadline(context, wanted.deadlines.whole_ms);
  runtime::HttpRequest request(context, wanted.head, wanted.body);
  if (!co_await deadline.wait_for(request, wanted.deadlines.head_ms)) {
    co_return tl::unexpected(FetchFault::timeout);
  }
  if (!request.outcome().is_ok()) co_return tl::unexpected(FetchFault::unreachable);
  auto answer = request.take_answer();
  if (wanted.answer_head) *wanted.answer_head = answer.head();
  const auto status = answer.status();
  auto body = co_await runtime::read_whole(context, answer.stream(), wanted.limit_bytes, deadline,
                                           wanted.deadlines.silence_ms);
  if (body) co_return Fetched{status, std::move(*body)};
  if (body.error() == runtime::BodyFault::too_large && status >= 300) co_return Fetched{status, {}};
  co_return tl::unexpected(fault_of(body.error()));
}

}  // namespace fabula::engine
