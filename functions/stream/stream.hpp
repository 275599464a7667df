// The stream function: a relay between web apps and models, by bots whose keys stay on the server.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::stream_function {

// Serves one request to /stream.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::stream_function
