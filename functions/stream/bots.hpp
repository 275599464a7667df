// Bots: who answers in the relay. What could not be asked later is refused when it is written.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {

runtime::Task<Result<void>> save_bot(engine::Call& call, const engine::Match& match);

}  // namespace fabula::stream_function
