// The sessions function: conversations, their messages, and moving those of a guest to an account.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::sessions_function {

// Serves one request to /sessions.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::sessions_function
