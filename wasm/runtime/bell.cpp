#include "wasm/runtime/bell.hpp"

namespace fabula::runtime {

void Bell::ring() {
  for (BellWait* wait = first_; wait; wait = wait->next_) wait->is_rung_ = true;
  // A resumed coroutine may destroy other waits or begin new ones, so the list is searched again
  // each time.
  for (;;) {
    BellWait** link = &first_;
    while (*link && !(*link)->is_rung_) link = &(*link)->next_;
    BellWait* wait = *link;
    if (!wait) return;
    *link = wait->next_;
    wait->become_ready();
  }
}

BellWait::BellWait(Bell& bell) : bell_(bell), next_(bell.first_) { bell.first_ = this; }

BellWait::~BellWait() {
  for (BellWait** link = &bell_.first_; *link; link = &(*link)->next_) {
    if (*link == this) {
      *link = next_;
      return;
    }
  }
}

}  // namespace fabula::runtime
