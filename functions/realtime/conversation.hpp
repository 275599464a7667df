// The special features of realtime sessions' turns: their models, their mode, and their tools.
#pragma once

#include "functions/realtime/tools.hpp"
#include "shared/tools/mode.hpp"
#include "wasm/engine/conversation.hpp"

namespace fabula::realtime_function {

class RealtimeConversation final : public engine::Conversation {
 public:
  // `mode` is the conversation's mode when the turn begins, nullptr for none; it must outlive this
  // object.
  explicit RealtimeConversation(const tools::Mode* const& mode);

  // A socket's messages are read by its partner, which also fills in the request.
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
  std::span<const llm::Tool> offered_tools() const override { return tools_.offered(); }
  engine::ToolRunner* tools() override { return &tools_; }

 private:
  const tools::Mode* const& mode_;
  RealtimeTools tools_;
};

}  // namespace fabula::realtime_function
