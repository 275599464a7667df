#include "wasm/engine/channel.hpp"

#include "wasm/engine/deadlines.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/spawn.hpp"

namespace fabula::engine {

runtime::Task<bool> send_all(runtime::Context& context, Channel& channel) {
  runtime::Spawned<void> flushed(channel.flush());
  runtime::Deadline deadline(context, deadlines::kSendMs);
  const bool is_taken = co_await deadline.wait_for(flushed);
  co_return is_taken && !channel.is_given_up();
}

}  // namespace fabula::engine
