// The dossier function: the known facts of a project's story.
#pragma once

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::dossier_function {

// Serves one request to /dossier.
runtime::Task<void> handle(runtime::Context& context);

}  // namespace fabula::dossier_function
