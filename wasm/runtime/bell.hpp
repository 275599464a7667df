// An event that repeats and that several coroutines may wait for: a ring resumes all current
// waiters. A wait that begins before a condition is checked misses no ring that changes it.
#pragma once

#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

class BellWait;

class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Resumes all current waiters before it returns; waits that they begin wait for the next ring.
  void ring();

 private:
  friend class BellWait;
  BellWait* first_ = nullptr;
};

// One coroutine's wait for the next ring; may be destroyed at any time. The Bell must outlive it.
class BellWait : public Waitable {
 public:
  explicit BellWait(Bell& bell);
  ~BellWait();

 private:
  friend class Bell;
  Bell& bell_;
  BellWait* next_ = nullptr;
  bool is_rung_ = false;  // by the current ring
};

}  // namespace fabula::runtime
