#include "wasm/runtime/context.hpp"

#include <algorithm>

namespace fabula::runtime {

CompletionBuffer* Context::start(std::uint32_t request, Handler handler) {
  auto* context = new Context(request);
  CompletionBuffer* handle = context;
  context->root_.emplace(run(*context, handler));
  context->root_->start({}).resume();
  if (context->is_finished_) delete context;
  return handle;
}

void Context::resume(CompletionBuffer* handle, std::uint32_t count) {
  auto* context = static_cast<Context*>(handle);
  const auto batch = context->completions;
  const auto size = std::min<std::size_t>(count, batch.size());
  for (std::size_t i = 0; i < size && !context->is_finished_; ++i) context->deliver(batch[i]);
  if (context->is_finished_) delete context;
}

void Context::destroy(CompletionBuffer* handle) { delete static_cast<Context*>(handle); }

Task<void> Context::run(Context& context, Handler handler) {
  co_await handler(context);
  context.is_finished_ = true;
  fabula_import_finish(context.request_);
}

std::uint32_t Context::add(Operation& operation) {
  // 0 means an event; after a wrap-around ids that are still pending are skipped.
  const auto is_taken = [this](std::uint32_t id) {
    return std::any_of(pending_.begin(), pending_.end(),
                       [id](const Pending& pending) { return pending.id == id; });
  };
  do {
    ++last_id_;
  } while (last_id_ == 0 || is_taken(last_id_));
  pending_.push_back({last_id_, &operation});
  return last_id_;
}

void Context::remove(std::uint32_t id) {
  std::erase_if(pending_, [id](const Pending& pending) { return pending.id == id; });
}

void Context::deliver(const abi::Completion& completion) {
  if (completion.operation == 0) {
    if (completion.status == static_cast<std::int32_t>(abi::Event::client_left)) {
      client_left_.set();
    } else if (completion.status == static_cast<std::int32_t>(abi::Event::isolate_ending)) {
      isolate_ending_.set();
    }
    return;
  }
  const auto found = std::find_if(
      pending_.rbegin(), pending_.rend(),
      [&completion](const Pending& pending) { return pending.id == completion.operation; });
  if (found == pending_.rend()) return;  // cancelled by us in the meantime
  Operation& operation = *found->operation;
  pending_.erase(std::next(found).base());
  operation.complete(
      {static_cast<abi::Status>(completion.status), completion.value, completion.detail});
}

Operation::Operation(Context& context) : context_(context), id_(context.add(*this)) {}

Operation::~Operation() {
  if (is_ready()) return;
  context_.remove(id_);
  fabula_import_cancel(context_.request(), id_);
}

void Operation::complete(Outcome outcome) {
  outcome_ = outcome;
  become_ready();
}

}  // namespace fabula::runtime
