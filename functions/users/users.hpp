// The users function: the caller's profile and account. Supabase Auth signs users up and in.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::users_function {

// Serves one request to /users.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::users_function
