// Bots, which answer in the relay. A bot whose model cannot be asked is refused when it is saved.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {

runtime::Task<Result<void>> save_bot(engine::Call& call, const engine::Match& match);

}  // namespace fabula::stream_function
