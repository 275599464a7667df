// Waits for time to pass.
#pragma once

#include <cstdint>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/operation.hpp"

namespace fabula::runtime {

// Ready `duration_ms` after construction. `co_await Timer(context, 500)` sleeps.
class Timer : public Operation {
 public:
  Timer(Context& context, std::uint32_t duration_ms) : Operation(context) {
    fabula_import_sleep(context.request(), id(), duration_ms);
  }
};

}  // namespace fabula::runtime
