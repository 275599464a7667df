// The special features of companions' turns: clients repeat messages, and there is a character.
#pragma once

#include <string>

#include "wasm/engine/conversation.hpp"

namespace fabula::companion_function {

// Sets the values that all turns with companions need: the prompts, and the character of a new
// conversation (empty: none). The request has its text already.
void fill_in(engine::Call& call, const turn::Kind& kind, engine::TurnRequest& request,
             std::string character_id);

class CompanionConversation final : public engine::Conversation {
 public:
  CompanionConversation();

  Result<void> read(engine::Call& call, const json::Document& body,
                    engine::TurnRequest& request) override;
  runtime::Task<Result<engine::Answering>> before_turn(engine::Call& call,
                                                       const engine::Caller& caller,
                                                       const json::Document& body,
                                                       const engine::TurnLimits& limits,
                                                       engine::TurnRequest& request) override;
};

}  // namespace fabula::companion_function
