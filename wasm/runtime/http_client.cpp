#include "wasm/runtime/http_client.hpp"

#include <utility>

namespace fabula::runtime {

HttpAnswer::HttpAnswer(HttpAnswer&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      stream_(other.stream_),
      status_(other.status_) {}

std::string HttpAnswer::head() const {
  const auto length = fabula_import_http_head(context_->request(), stream_, nullptr, 0);
  std::string head(length, '\0');
  fabula_import_http_head(context_->request(), stream_, head.data(), length);
  return head;
}

void HttpAnswer::close() {
  if (!context_) return;
  fabula_import_http_close(context_->request(), stream_);
  context_ = nullptr;
}

HttpRequest::HttpRequest(Context& context, std::string_view head, std::string_view body)
    : Operation(context) {
  ++context.requests_made_;
  fabula_import_http_start(context.request(), id(), head.data(),
                           static_cast<std::uint32_t>(head.size()), body.data(),
                           static_cast<std::uint32_t>(body.size()));
}

HttpRequest::~HttpRequest() {
  // An answer that is not taken would keep its connection open.
  if (is_ready() && outcome().is_ok() && !is_taken_) (void)take_answer();
}

HttpAnswer HttpRequest::take_answer() {
  is_taken_ = true;
  return HttpAnswer(context(), outcome().value, outcome().detail);
}

}  // namespace fabula::runtime
