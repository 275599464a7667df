// The docs function: documentation of all endpoints, for people and for programs.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::docs_function {

// Serves one request to /docs.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::docs_function
