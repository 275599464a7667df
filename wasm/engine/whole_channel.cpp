#include "wasm/engine/whole_channel.hpp"

#include <utility>

#include "shared/http/problem_response.hpp"

namespace fabula::engine {

Result<void> WholeChannel::begin(http::Headers&& headers) {
  headers_ = std::move(headers);
  return {};
}

void WholeChannel::text(std::string_view text, std::int64_t) { framing_.text(body_, text); }

void WholeChannel::reasoning(std::string_view text, std::int64_t) {
  framing_.reasoning(body_, text);
}

void WholeChannel::tell(const turn::Event& event) {
  if (const auto* failed = std::get_if<turn::event::Failed>(&event)) return fail(*failed);
  if (std::holds_alternative<turn::event::ComeBack>(event)) {
    Problem problem(ErrorCode::turn_in_progress,
                    "This reply is still being written. Ask for it again in a moment.", {});
    problem.retry_after_s = 1;
    return fail({problem});
  }
  framing_.write(body_, event);
}

void WholeChannel::fail(const turn::event::Failed& failed) {
  problem_ = failed.problem;
  body_.clear();
  framing_.failed(body_, failed);
}

runtime::Task<void> WholeChannel::flush() {
  if (call_.context().client_left().is_set()) give_up();
  co_return;
}

runtime::Task<void> WholeChannel::end() {
  http::Response response;
  if (problem_) {
    response.head = std::move(http::problem_response(*problem_, {}).head);
    response.head.headers.set("content-type", std::string(protocol_.whole_problem_type));
  } else {
    response.head.headers.set("content-type", std::string(protocol_.whole_type));
    response.head.headers.set("cache-control", "no-store");
  }
  for (const auto& header : headers_) response.head.headers.add(header.name, header.value);
  response.body = std::move(body_);
  co_await call_.send(std::move(response));
}

}  // namespace fabula::engine
