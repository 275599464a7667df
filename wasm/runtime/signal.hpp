// An event that happens once in a request's life and that several coroutines may wait for.
#pragma once

#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

class SignalWait;

class Signal {
 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  bool is_set() const { return is_set_; }

  // Resumes all waiters; later waits are ready at once.
  void set();

 private:
  friend class SignalWait;
  SignalWait* first_ = nullptr;
  bool is_set_ = false;
};

// One coroutine's wait for a Signal; may be destroyed at any time. The Signal must outlive it.
class SignalWait : public Waitable {
 public:
  explicit SignalWait(Signal& signal);
  ~SignalWait();

 private:
  friend class Signal;
  Signal& signal_;
  SignalWait* next_ = nullptr;
};

}  // namespace fabula::runtime
