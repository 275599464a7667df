// Turns of the relay: asks a bot, or resumes a running stream.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {

runtime::Task<Result<void>> start(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> resume(engine::Call& call, const engine::Match& match);

}  // namespace fabula::stream_function
