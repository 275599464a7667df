#include "wasm/runtime/socket.hpp"

namespace fabula::runtime {

bool accept_socket(Context& context, std::string_view protocol) {
  const auto status = fabula_import_socket_accept(context.request(), protocol.data(),
                                                  static_cast<std::uint32_t>(protocol.size()));
  return status == static_cast<std::int32_t>(abi::Status::ok);
}

void close_socket(Context& context, std::uint32_t code, std::string_view reason) {
  fabula_import_socket_close(context.request(), code, reason.data(),
                             static_cast<std::uint32_t>(reason.size()));
}

}  // namespace fabula::runtime
