#include "wasm/runtime/signal.hpp"

namespace fabula::runtime {

void Signal::set() {
  is_set_ = true;
  // A resumed coroutine may destroy other waits, so the list is taken from its head each time.
  while (first_) {
    SignalWait* wait = first_;
    first_ = wait->next_;
    wait->become_ready();
  }
}

SignalWait::SignalWait(Signal& signal) : signal_(signal) {
  if (signal.is_set_) {
    become_ready();
    return;
  }
  next_ = signal.first_;
  signal.first_ = this;
}

SignalWait::~SignalWait() {
  for (SignalWait** link = &signal_.first_; *link; link = &(*link)->next_) {
    if (*link == this) {
      *link = next_;
      return;
    }
  }
}

}  // namespace fabula::runtime
