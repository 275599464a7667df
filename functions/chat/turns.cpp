#include "functions/chat/turns.hpp"

#include "functions/chat/conversation.hpp"
#include "shared/turn/kinds/chat.hpp"

namespace fabula::chat_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> serve(Call& call, const Match& match, turn::Action action) {
  ChatConversation conversation;
  co_await engine::serve_turn(call, match, conversation, action);
  co_return {};
}

}  // namespace

Task<Result<void>> say(Call& call, const Match& match) {
  return serve(call, match, turn::Action::say);
}

Task<Result<void>> regenerate(Call& call, const Match& match) {
  return serve(call, match, turn::Action::regenerate);
}

Task<Result<void>> go_on(Call& call, const Match& match) {
  return serve(call, match, turn::Action::go_on);
}

Task<Result<void>> resume(Call& call, const Match& match) {
  return engine::serve_resume(call, match, turn::kinds::kChat);
}

}  // namespace fabula::chat_function
