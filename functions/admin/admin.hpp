// The admin function: what the operator of a deployment may see and do.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::admin_function {

// Serves one request to /admin.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::admin_function
