// The response to the incoming request.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/operation.hpp"

namespace fabula::runtime {

// Sends the head, `STATUS\nname: value\n...`; once per request.
void start_response(Context& context, std::string_view head);

// Ends the body; the coroutine may continue working.
void end_response(Context& context);

// Sets the text that the host appends to a started response if this instance traps.
void set_response_on_trap(Context& context, std::string_view bytes);

// Appends to the body; the bytes are copied at once. Ready when the host takes more, with status
// `disconnected` when the client has left. One at a time.
class ResponseWrite : public Operation {
 public:
  ResponseWrite(Context& context, std::string_view bytes) : Operation(context) {
    fabula_import_response_write(context.request(), id(), bytes.data(),
                                 static_cast<std::uint32_t>(bytes.size()));
  }
};

}  // namespace fabula::runtime
