// GET /realtime/ws/session/{session_id}, as a WebSocket.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::realtime_function {

runtime::Task<Result<void>> serve_socket(engine::Call& call, const engine::Match& match);

}  // namespace fabula::realtime_function
