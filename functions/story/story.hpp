// The story function: whole stories, from an idea to a book.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

// Serves one request to /story.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::story_function
