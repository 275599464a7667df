#include "functions/stream/turns.hpp"

#include "functions/stream/conversation.hpp"
#include "shared/turn/kinds/relay.hpp"

namespace fabula::stream_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> start(Call& call, const Match& match) {
  BotConversation conversation;
  co_await engine::serve_turn(call, match, conversation);
  co_return {};
}

Task<Result<void>> resume(Call& call, const Match& match) {
  return engine::serve_resume(call, match, turn::kinds::kRelay);
}

}  // namespace fabula::stream_function
