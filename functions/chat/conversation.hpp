// The special features of chat's turns: tasks with their own models, attachments, and a dossier.
#pragma once

#include <optional>
#include <string>

#include "wasm/engine/conversation.hpp"

namespace fabula::chat_function {

class ChatConversation final : public engine::Conversation {
 public:
  ChatConversation();

  Result<void> read(engine::Call& call, const json::Document& body,
                    engine::TurnRequest& request) override;
  runtime::Task<Result<engine::Answering>> before_turn(engine::Call& call,
                                                       const engine::Caller& caller,
                                                       const json::Document& body,
                                                       const engine::TurnLimits& limits,
                                                       engine::TurnRequest& request) override;
  runtime::Task<Result<void>> after_begin(engine::Call& call, const engine::Caller& caller,
                                          const turn::BegunTurn& turn,
                                          const engine::TurnLimits& limits,
                                          engine::TurnRequest& request,
                                          engine::Answering& answering) override;

 private:
  const turn::Purpose* purpose_ = nullptr;  // the message's task
  // Set when no model of the chat can be asked, which does not affect messages of other kinds.
  std::optional<Problem> missing_model_;
};

}  // namespace fabula::chat_function
