// A task that runs concurrently with the one that made it.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

// Starts at construction and is ready when the task has ended; destroying it before that cancels
// the task. Pinned in memory.
template <class T>
class Spawned : public Waitable {
 public:
  explicit Spawned(Task<T> task) : runner_(run(*this, std::move(task))) { runner_.start(); }

  // The task's result; call it once, and only when is_ready().
  T take() {
    if constexpr (!std::is_void_v<T>) return *std::move(value_);
  }

 private:
  // A coroutine that resumes the waiter as its very last act, when its frame may be destroyed.
  class Runner {
   public:
    struct promise_type {
      Spawned* spawned = nullptr;
      Runner get_return_object() {
        return Runner(std::coroutine_handle<promise_type>::from_promise(*this));
      }
      promise_type(Spawned& owner, Task<T>&) : spawned(&owner) {}
      std::suspend_always initial_suspend() noexcept { return {}; }
      auto final_suspend() noexcept {
        struct Awaiter {
          bool await_ready() const noexcept { return false; }
          std::coroutine_handle<> await_suspend(
              std::coroutine_handle<promise_type> finished) noexcept {
            return finished.promise().spawned->mark_ready();
          }
          void await_resume() const noexcept {}
        };
        return Awaiter{};
      }
      void return_void() noexcept {}
      [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
    };
    explicit Runner(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner() { coroutine_.destroy(); }
    void start() { coroutine_.resume(); }

   private:
    std::coroutine_handle<promise_type> coroutine_;
  };

  static Runner run(Spawned& spawned, Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      spawned.value_.emplace();
    } else {
      spawned.value_.emplace(co_await std::move(task));
    }
  }

  struct Nothing {};
  std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value_;
  Runner runner_;
};

}  // namespace fabula::runtime
