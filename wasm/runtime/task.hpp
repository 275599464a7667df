// Task<T>: a coroutine that starts when it is awaited and returns one T.
//
// In a coroutine that returns Task<Result<T>>, `co_await` of a Result, or of a task that returns
// one, yields the value, or ends the coroutine early with the Problem, so that the normal path
// reads straight down. `co_await attempt(task)` returns the Result itself.
//
// A Task owns its coroutine: destroying the Task destroys the frame, wherever it waits, and with it
// every operation that it waits for. This is how work is cancelled.
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

class FailablePromise;

// The coroutine that a finished one resumes. `failing` is set if the waiter only wants the value:
// then a Problem skips it and ends it too.
struct Continuation {
  std::coroutine_handle<> waiter = std::noop_coroutine();
  FailablePromise* failing = nullptr;
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

// The common part of the promises of all coroutines that return a Result, so that it is compiled
// once.
class FailablePromise : public PromiseBase {
 public:
  FailablePromise();
  ~FailablePromise();
  FailablePromise(const FailablePromise&) = delete;
  FailablePromise& operator=(const FailablePromise&) = delete;

  FinalAwaiter final_suspend() noexcept { return {}; }

  // The coroutine to resume when this one has its result, by its own end or by `fail`.
  std::coroutine_handle<> after_end() noexcept;
  // Ends this coroutine with a Problem at the `co_await` where it is suspended.
  std::coroutine_handle<> fail(Problem&& problem) noexcept;

 protected:
  std::optional<Problem> problem_;
};

template <class T>
class ResultPromise : public FailablePromise {
 public:
  template <class U>
  void return_value(U&& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<U>, tl::unexpected<Problem>>) {
      problem_.emplace(std::forward<U>(value).value());
    } else {
      value_.emplace(std::forward<U>(value));
    }
  }
  void return_value(Result<T> result) {
    if (result.has_value()) {
      if constexpr (!std::is_void_v<T>) value_.emplace(*std::move(result));
    } else {
      problem_.emplace(std::move(result.error()));
    }
  }
  // Returns the coroutine's result, once.
  Result<T> take() {
    if (problem_) return tl::unexpected<Problem>(*std::move(problem_));
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return *std::move(value_);
    }
  }
  // Returns the value when the result is known to be no Problem.
  T take_value() {
    if constexpr (!std::is_void_v<T>) return *std::move(value_);
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

 private:
  struct Nothing {};
  std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value_;
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

  // For awaiters: starts the coroutine, which resumes `continuation` when it ends.
  Handle start(detail::Continuation continuation) {
    coroutine_.promise().set_continuation(continuation);
    return coroutine_;
  }
  T take() { return coroutine_.promise().take(); }
  auto take_value() { return coroutine_.promise().take_value(); }

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

// The awaiters refer to the awaited object, which lives as long as the `co_await` expression.
template <class U>
struct UnwrapTask {
  Task<Result<U>>& task;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return task.start({waiter, &waiter.promise()});
  }
  U await_resume() { return task.take_value(); }
};

template <class U>
struct UnwrapResult {
  Result<U>& result;
  bool await_ready() const noexcept { return result.has_value(); }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return waiter.promise().fail(std::move(result.error()));
  }
  U await_resume() {
    if constexpr (!std::is_void_v<U>) return *std::move(result);
  }
};

template <class U>
struct WholeResult {
  Task<Result<U>>& task;
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    return task.start({waiter, nullptr});
  }
  Result<U> await_resume() { return task.take(); }
};

template <class T>
template <class U>
auto ResultPromise<T>::await_transform(Task<Result<U>>&& task) {
  return UnwrapTask<U>{task};
}
template <class T>
template <class U>
auto ResultPromise<T>::await_transform(Result<U>&& result) {
  return UnwrapResult<U>{result};
}

}  // namespace detail

// `co_await attempt(task)`: the Result itself, also inside a coroutine that returns a Result.
template <class U>
auto attempt(Task<Result<U>>&& task) {
  return detail::WholeResult<U>{task};
}

}  // namespace fabula::runtime
