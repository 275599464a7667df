// Restores conversations from their copies in Storage.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

// POST /companion/conversations/restore.
runtime::Task<Result<void>> restore(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function
