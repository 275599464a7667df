#include "functions/companion/socket.hpp"

#include <array>

#include "functions/companion/partner.hpp"
#include "wasm/engine/socket/serve_socket.hpp"

namespace fabula::companion_function {

runtime::Task<Result<void>> serve_socket(engine::Call& call, const engine::Match&) {
  protocols::companion::SocketState state;
  // Both have the same messages; browsers that send a token need a chosen sub-protocol.
  const protocols::companion::SocketProtocol named("fabula.companion.v1", state);
  const protocols::companion::SocketProtocol unnamed({}, state);
  const std::array<const turn::SocketProtocol*, 2> protocols{&named, &unnamed};
  CompanionPartner partner(state);
  co_await engine::serve_socket(call, protocols, partner);
  co_return {};
}

}  // namespace fabula::companion_function
