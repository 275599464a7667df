// Bots, which answer in the relay. A bot whose model cannot be asked is refused when it is saved.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::stream_function {

// Whether callers may use each other's public bots: FABULA_PUBLIC_BOTS.
bool allows_public_bots(engine::Call& call);

// Serves the route's database function for the bots that the caller may see.
runtime::Task<Result<void>> serve_bots(engine::Call& call, const engine::Match& match);

// Saves a bot, its own key encrypted. Refuses (forbidden) to make a bot public where that is not
// allowed, and (no_encryption_key) a key where the deployment cannot encrypt it.
runtime::Task<Result<void>> save_bot(engine::Call& call, const engine::Match& match);

}  // namespace fabula::stream_function
