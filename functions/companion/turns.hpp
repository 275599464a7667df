// The companion's endpoints that make the model write.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

// POST /companion/chat: the answer is the whole reply.
runtime::Task<Result<void>> chat(engine::Call& call, const engine::Match& match);

// POST /companion/chat/stream: the reply is streamed.
runtime::Task<Result<void>> stream(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function
