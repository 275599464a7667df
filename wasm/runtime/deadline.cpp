#include "wasm/runtime/deadline.hpp"

#include <algorithm>

#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::runtime {

Deadline::Deadline(Context& context, std::int64_t whole_ms)
    : context_(context), end_ms_(now_ms(context) + whole_ms) {}

Task<bool> Deadline::wait_for(Waitable& awaited, std::int64_t longest_ms) {
  return wait_until(awaited, std::min(end_ms_, now_ms(context_) + longest_ms));
}

Task<bool> Deadline::wait_for(Waitable& awaited) { return wait_until(awaited, end_ms_); }

Task<bool> Deadline::wait_until(Waitable& awaited, std::int64_t due_ms) {
  for (;;) {
    if (awaited.is_ready()) co_return true;
    const auto now = now_ms(context_);
    if (now >= due_ms) co_return false;
    // A timer that fires early, for a wait that has ended, only causes another check.
    if (!timer_ || timer_->is_ready() || timer_due_ms_ > due_ms) {
      timer_due_ms_ = due_ms;
      timer_.emplace(context_, static_cast<std::uint32_t>(due_ms - now));
    }
    co_await first_of(awaited, *timer_);
  }
}

}  // namespace fabula::runtime
