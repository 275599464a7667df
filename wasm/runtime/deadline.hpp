// Waits with time limits.
#pragma once

#include <cstdint>
#include <optional>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/timer.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

// For all waits of one piece of work, such as the reads of a body: each has its own limit, and all
// together have one. A timer starts only when the running one would fire too late, so that many
// short waits need few timers.
class Deadline {
 public:
  // All waits end `whole_ms` after construction. The context must outlive this object.
  Deadline(Context& context, std::int64_t whole_ms);

  // Waits until `awaited` is ready; false if it is not after `longest_ms`, or at the end of the
  // whole time. `awaited`, and this object, must outlive the task.
  Task<bool> wait_for(Waitable& awaited, std::int64_t longest_ms);
  // Waits until the end of the whole time at most.
  Task<bool> wait_for(Waitable& awaited);

 private:
  Task<bool> wait_until(Waitable& awaited, std::int64_t due_ms);

  Context& context_;
  std::int64_t end_ms_;
  std::int64_t timer_due_ms_ = 0;
  std::optional<Timer> timer_;
};

}  // namespace fabula::runtime
