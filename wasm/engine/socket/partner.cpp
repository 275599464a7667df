#include "wasm/engine/socket/partner.hpp"

namespace fabula::engine {

using runtime::Task;

Task<Result<SocketNews>> SocketPartner::start(Call&, Caller&, const turn::said::Start&) {
  co_return problem(ErrorCode::invalid_request,
                    "This connection has one conversation: send it messages.");
}

Task<Result<SocketNews>> SocketPartner::look(Call&, const Caller&) { co_return SocketNews{}; }

Task<void> SocketPartner::leave(Call&, const Caller&) { co_return; }

}  // namespace fabula::engine
