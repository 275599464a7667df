// The companion function: conversations with characters, and the characters.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::companion_function {

// Serves one request to /companion.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::companion_function
