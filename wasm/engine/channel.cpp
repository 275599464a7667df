#include "wasm/engine/channel.hpp"

#include "wasm/runtime/select.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

// A client that takes nothing keeps its instance no longer than this.
constexpr std::uint32_t kFlushTimeoutMs = 30'000;

}  // namespace

runtime::Task<bool> send_all(runtime::Context& context, Channel& channel) {
  runtime::Spawned<void> flushed(channel.flush());
  runtime::Timer timeout(context, kFlushTimeoutMs);
  co_await runtime::first_of(flushed, timeout);
  co_return flushed.is_ready() && !channel.is_given_up();
}

}  // namespace fabula::engine
