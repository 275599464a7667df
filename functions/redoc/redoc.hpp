// The redoc function: redirects to the documentation for those who look for it here.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::redoc_function {

// Serves one request to /redoc.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::redoc_function
