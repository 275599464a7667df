// The features of realtime sessions' turns alone: their models and their prompt.
#pragma once

#include "wasm/engine/conversation.hpp"

namespace fabula::realtime_function {

class RealtimeConversation final : public engine::Conversation {
 public:
  RealtimeConversation();

  // A socket's messages are read by its partner, which also fills in the request.
  Result<void> read(engine::Call& call, const json::Document& body,
                    engine::TurnRequest& request) override;
  runtime::Task<Result<engine::Answering>> before_turn(engine::Call& call,
                                                       const engine::Caller& caller,
                                                       const json::Document& body,
                                                       const engine::TurnLimits& limits,
                                                       engine::TurnRequest& request) override;
};

}  // namespace fabula::realtime_function
