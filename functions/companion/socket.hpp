// GET /companion/ws/chat, as a WebSocket.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

runtime::Task<Result<void>> serve_socket(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function
