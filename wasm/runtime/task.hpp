// Task<T>: a coroutine that starts when it is awaited and gives one T.
//
// In a coroutine that returns Task<Result<T>>, `co_await` of a Result, or of a task that gives one,
// yields the value and ends the coroutine early with the Problem otherwise, so that the good path
// reads straight down. `co_await attempt(task)` gives the Result itself.
//
// A Task owns its coroutine: destroying the Task destroys the frame, wherever it waits, and with it
// every operation it waits for. That is how work is cancelled.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "shared/result/result.hpp"

namespace fabula::runtime {

template <class T>
class Task;

namespace detail {

// Whom a finished coroutine resumes. `fail` is set when the one who waits wants only the value:
// then a Problem skips it and ends it too.
struct Continuation {
  using Fail = std::coroutine_handle<> (*)(std::coroutine_handle<>, Problem&&);
  std::coroutine_handle<> waiter = std::noop_coroutine();
  Fail fail = nullptr;
};

class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
  void set_continuation(Continuation continuation) { continuation_ = continuation; }

 protected:
  Continuation continuation_;
};

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
    return finished.promise().after_end();
  }
  void await_resume() const noexcept {}
};

template <class T>
class ValuePromise : public PromiseBase {
 public:
  FinalAwaiter final_suspend() noexcept { return {}; }
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() { return *std::move(value_); }
  std::coroutine_handle<> after_end() noexcept { return continuation_.waiter; }

 protected:
  std::optional<T> value_;
};

template <>
class ValuePromise<void> : public PromiseBase {
 public:
  FinalAwaiter final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void take() noexcept {}
  std::coroutine_handle<> after_end() noexcept { return continuation_.waiter; }
};

template <class T>
class ResultPromise : public PromiseBase {
 public:
  FinalAwaiter final_suspend() noexcept { return {}; }
  template <class U>
  void return_value(U&& value) {
    result_.emplace(std::forward<U>(value));
  }
  void return_value(Result<T> result) { result_.emplace(std::move(result)); }
  Result<T> take() { return *std::move(result_); }

  // Who goes on now that this coroutine has its result, by its own end or by `fail`.
  std::coroutine_handle<> after_end() noexcept {
    if (!result_->has_value() && continuation_.fail) {
      return continuation_.fail(continuation_.waiter, std::move(result_->error()));
    }
    return continuation_.waiter;
  }

  // Ends this coroutine with a Problem at the `co_await` where it is suspended.
  std::coroutine_handle<> fail(Problem&& problem) noexcept {
    result_.emplace(tl::unexpected<Problem>(std::move(problem)));
    return after_end();
  }

  template <class U>
  auto await_transform(Task<Result<U>>&& task);
  template <class U>
  auto await_transform(Result<U>&& result);
  template <class U>
  auto await_transform(Result<U>& result) {
    return await_transform(std::move(result));
  }
  template <class Awaitable>
  Awaitable&& await_transform(Awaitable&& awaitable) {
    return std::forward<Awaitable>(awaitable);
  }

 protected:
  std::optional<Result<T>> result_;
};

template <class T>
struct PromiseFor {
  using type = ValuePromise<T>;
};
template <class T>
struct PromiseFor<Result<T>> {
  using type = ResultPromise<T>;
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::PromiseFor<T>::type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  auto operator co_await() && noexcept { return Awaiter{coroutine_}; }

  // For awaiters: starts the coroutine, which resumes `continuation` at its end.
  Handle start(detail::Continuation continuation) {
    coroutine_.promise().set_continuation(continuation);
    return coroutine_;
  }
  T take() { return coroutine_.promise().take(); }

 private:
  struct Awaiter {
    Handle coroutine;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
      coroutine.promise().set_continuation({waiter, nullptr});
      return coroutine;
    }
    T await_resume() { return coroutine.promise().take(); }
  };

  explicit Task(Handle coroutine) : coroutine_(coroutine) {}
  Handle coroutine_;
};

namespace detail {

template <class Promise>
std::coroutine_handle<> fail_waiter(std::coroutine_handle<> waiter, Problem&& problem) {
  return std::coroutine_handle<Promise>::from_address(waiter.address())
      .promise()
      .fail(std::move(problem));
}

template <class U>
struct UnwrapTask {
  Task<Result<U>> task;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return task.start({waiter, &fail_waiter<Promise>});
  }
  U await_resume() {
    if constexpr (std::is_void_v<U>) {
      return;
    } else {
      return *task.take();
    }
  }
};

template <class U>
struct UnwrapResult {
  Result<U> result;
  bool await_ready() const noexcept { return result.has_value(); }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return waiter.promise().fail(std::move(result.error()));
  }
  U await_resume() {
    if constexpr (std::is_void_v<U>) {
      return;
    } else {
      return *std::move(result);
    }
  }
};

template <class U>
struct WholeResult {
  Task<Result<U>> task;
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    return task.start({waiter, nullptr});
  }
  Result<U> await_resume() { return task.take(); }
};

template <class T>
template <class U>
auto ResultPromise<T>::await_transform(Task<Result<U>>&& task) {
  return UnwrapTask<U>{std::move(task)};
}
template <class T>
template <class U>
auto ResultPromise<T>::await_transform(Result<U>&& result) {
  return UnwrapResult<U>{std::move(result)};
}

}  // namespace detail

// `co_await attempt(task)`: the Result itself, also inside a coroutine that returns a Result.
template <class U>
auto attempt(Task<Result<U>>&& task) {
  return detail::WholeResult<U>{std::move(task)};
}

}  // namespace fabula::runtime
