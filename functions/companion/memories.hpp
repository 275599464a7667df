// The endpoints that change a companion's memory.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

// POST /companion/characters/{companion_id}/memories.
runtime::Task<Result<void>> add_memory(engine::Call& call, const engine::Match& match);

// PATCH and DELETE /companion/characters/{companion_id}/memories/{memory_id}.
runtime::Task<Result<void>> change_memory(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> forget_memory(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function
