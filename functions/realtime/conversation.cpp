#include "functions/realtime/conversation.hpp"

#include "shared/turn/kinds/chat.hpp"
#include "shared/turn/kinds/realtime.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::realtime_function {

using engine::Call;
using engine::Caller;
using engine::TurnLimits;
using engine::TurnRequest;
using runtime::Task;

RealtimeConversation::RealtimeConversation(const tools::Mode* const& mode)
    : Conversation(turn::kinds::kRealtime), mode_(mode) {}

Result<void> RealtimeConversation::read(Call&, const json::Document&, TurnRequest&) { return {}; }

Task<Result<engine::Answering>> RealtimeConversation::before_turn(Call& call, const Caller&,
                                                                  const json::Document&,
                                                                  const TurnLimits&,
                                                                  TurnRequest& request) {
  const auto& purpose = kind().purposes.front();
  const auto& chat = turn::kinds::kChat.purposes.front();
  engine::Answering answering;
  answering.endpoints = co_await engine::resolve_route_or(call, *purpose.setting, *chat.setting);
  if (mode_) {
    request.system_prompt = mode_->prompt;
  } else {
    request.system_prompt = purpose.prompt->text;
    request.prompt = purpose.prompt->label;
  }
  co_return answering;
}

Task<Result<void>> RealtimeConversation::after_begin(Call& call, const Caller& caller,
                                                     const turn::BegunTurn& turn, const TurnLimits&,
                                                     TurnRequest& request, engine::Answering&) {
  co_await tools_.fill({.call = call,
                        .caller = caller,
                        .project_id = turn.project_id,
                        .session_id = turn.session_id,
                        .generation_id = turn.generation_id,
                        .user_message_id = turn.user_message_id,
                        .user_text = request.text},
                       mode_ ? &mode_->tools : nullptr);
  co_return {};
}

}  // namespace fabula::realtime_function
