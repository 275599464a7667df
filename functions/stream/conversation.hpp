// The special feature of the relay's turns: a bot, which names its own model.
#pragma once

#include "wasm/engine/conversation.hpp"

namespace fabula::stream_function {

class BotConversation final : public engine::Conversation {
 public:
  BotConversation();

  Result<void> read(engine::Call& call, const json::Document& body,
                    engine::TurnRequest& request) override;
  runtime::Task<Result<void>> after_begin(engine::Call& call, const engine::Caller& caller,
                                          const turn::BegunTurn& turn,
                                          const engine::TurnLimits& limits,
                                          engine::TurnRequest& request,
                                          engine::Answering& answering) override;
};

}  // namespace fabula::stream_function
