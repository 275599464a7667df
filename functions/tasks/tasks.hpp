// The tasks function: does the work that turns leave behind, whenever it is called.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// Serves one request to /tasks.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::tasks_function
