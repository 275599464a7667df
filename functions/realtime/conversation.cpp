#include "functions/realtime/conversation.hpp"

#include "shared/turn/kinds/chat.hpp"
#include "shared/turn/kinds/realtime.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::realtime_function {

using runtime::Task;

RealtimeConversation::RealtimeConversation() : Conversation(turn::kinds::kRealtime) {}

Result<void> RealtimeConversation::read(engine::Call&, const json::Document&,
                                        engine::TurnRequest&) {
  return {};
}

Task<Result<engine::Answering>> RealtimeConversation::before_turn(engine::Call& call,
                                                                  const engine::Caller&,
                                                                  const json::Document&,
                                                                  const engine::TurnLimits&,
                                                                  engine::TurnRequest& request) {
  const auto& purpose = kind().purposes.front();
  const auto& chat = turn::kinds::kChat.purposes.front();
  engine::Answering answering;
  answering.endpoints = co_await engine::resolve_route_or(call, *purpose.setting, *chat.setting);
  request.system_prompt = purpose.prompt->text;
  request.prompt = purpose.prompt->label;
  co_return answering;
}

}  // namespace fabula::realtime_function
