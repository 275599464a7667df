#include "wasm/engine/socket/serve_socket.hpp"

#include <string>
#include <utility>

#include "wasm/engine/identity.hpp"
#include "wasm/engine/socket/close_code.hpp"
#include "wasm/engine/socket/dialogue.hpp"
#include "wasm/engine/socket/handshake.hpp"
#include "wasm/runtime/socket.hpp"

namespace fabula::engine {

using runtime::Task;

Task<Result<void>> serve_socket(Call& call, std::span<const turn::SocketProtocol* const> protocols,
                                SocketPartner& partner) {
  constexpr int kSwitchingProtocols = 101;
  const Handshake handshake = co_await read_handshake(call, protocols);
  const turn::SocketProtocol& protocol = *handshake.protocol;
  if (!call.accept_socket(protocol.name())) {
    co_return problem(ErrorCode::upgrade_required,
                      "This is the address of a WebSocket. Open one here: new WebSocket(url).");
  }
  call.log().status = kSwitchingProtocols;
  auto caller =
      co_await runtime::attempt(identify(call.context(), call.settings(), handshake.headers));
  if (!caller) {
    call.note_problem(caller.error());
    std::string message;
    protocol.refusal(message, {}, caller.error());
    if (!message.empty()) co_await runtime::SocketSend(call.context(), message);
    runtime::close_socket(call.context(), close_code::of(caller.error()),
                          facts(caller.error().code).name);
    co_return {};
  }
  Dialogue dialogue(call, *caller, partner, protocol);
  co_await dialogue.run();
  co_return {};
}

}  // namespace fabula::engine
