// An event that happens again and again and that several coroutines may wait for: whoever waits
// when it rings is resumed. A wait that was begun before a condition is looked at misses no ring
// that changes it.
#pragma once

#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

class BellWait;

class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Resumes everyone who waits now, before it returns; waits that they begin wait for the next
  // ring.
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
  bool is_rung_ = false;  // by the ring that is under way
};

}  // namespace fabula::runtime
