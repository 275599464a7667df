// Something that becomes ready once: a host operation, a concurrent task, an event.
#pragma once

#include <coroutine>

namespace fabula::runtime {

// At most one coroutine waits for a Waitable at a time. Becoming ready resumes it before
// `become_ready` returns; a Waitable without a waiter just stays ready.
class Waitable {
 public:
  Waitable() = default;
  Waitable(const Waitable&) = delete;
  Waitable& operator=(const Waitable&) = delete;

  bool is_ready() const { return is_ready_; }

  // Used by awaiters: sets the coroutine to resume; an empty handle for none.
  void set_waiter(std::coroutine_handle<> waiter) { waiter_ = waiter; }

 protected:
  ~Waitable() = default;

  // Marks it ready and returns the coroutine to resume (a no-op one without a waiter).
  std::coroutine_handle<> mark_ready() {
    is_ready_ = true;
    if (!waiter_) return std::noop_coroutine();
    const auto waiter = waiter_;
    waiter_ = nullptr;
    return waiter;
  }

  void become_ready() { mark_ready().resume(); }

 private:
  std::coroutine_handle<> waiter_;
  bool is_ready_ = false;
};

// co_await on a single Waitable: suspends until it is ready.
class WaitFor {
 public:
  explicit WaitFor(Waitable& waitable) : waitable_(waitable) {}
  bool await_ready() const noexcept { return waitable_.is_ready(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waitable_.set_waiter(waiter); }
  void await_resume() const noexcept {}

 private:
  Waitable& waitable_;
};

}  // namespace fabula::runtime
