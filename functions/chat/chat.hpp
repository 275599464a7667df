// The chat function: one turn of a story's conversation with its companion.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::chat_function {

// Serves one request to /chat.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::chat_function
