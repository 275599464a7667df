#include "wasm/runtime/response.hpp"

namespace fabula::runtime {

void start_response(Context& context, std::string_view head) {
  fabula_import_response_start(context.request(), head.data(),
                               static_cast<std::uint32_t>(head.size()));
}

void end_response(Context& context) { fabula_import_response_end(context.request()); }

void set_response_on_trap(Context& context, std::string_view bytes) {
  fabula_import_response_on_trap(context.request(), bytes.data(),
                                 static_cast<std::uint32_t>(bytes.size()));
}

}  // namespace fabula::runtime
