// One connection for talking with companions: it begins or continues conversations.
#pragma once

#include "shared/protocols/companion/socket_protocol.hpp"
#include "wasm/engine/socket/partner.hpp"

namespace fabula::companion_function {

class CompanionPartner final : public engine::SocketPartner {
 public:
  // The state must outlive this object.
  explicit CompanionPartner(protocols::companion::SocketState& state) : state_(state) {}

  runtime::Task<Result<engine::SocketNews>> open(engine::Call& call, engine::Caller& caller,
                                                 const turn::SocketProtocol& protocol,
                                                 const turn::said::Hello& hello) override;
  runtime::Task<Result<engine::SocketNews>> start(engine::Call& call, engine::Caller& caller,
                                                  const turn::said::Start& start) override;
  std::unique_ptr<engine::Conversation> make_conversation() override;
  runtime::Task<Result<engine::TurnRequest>> request(engine::Call& call, const turn::Kind& kind,
                                                     const turn::said::Message& message) override;

 private:
  protocols::companion::SocketState& state_;
};

}  // namespace fabula::companion_function
