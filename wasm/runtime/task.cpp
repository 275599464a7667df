#include "wasm/runtime/task.hpp"

namespace fabula::runtime::detail {

FailablePromise::FailablePromise() = default;
FailablePromise::~FailablePromise() = default;

std::coroutine_handle<> FailablePromise::after_end() noexcept {
  FailablePromise* ended = this;
  while (ended->problem_ && ended->continuation_.failing) {
    FailablePromise* waiter = ended->continuation_.failing;
    waiter->problem_.emplace(*std::move(ended->problem_));
    ended = waiter;
  }
  return ended->continuation_.waiter;
}

std::coroutine_handle<> FailablePromise::fail(Problem&& problem) noexcept {
  problem_.emplace(std::move(problem));
  return after_end();
}

}  // namespace fabula::runtime::detail
