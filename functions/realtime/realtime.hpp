// The realtime function: live sessions over sockets, and their stored data.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::realtime_function {

// Serves one request to /realtime.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::realtime_function
