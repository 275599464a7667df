// The projects function: a user's stories.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::projects_function {

// Serves one request to /projects.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::projects_function
