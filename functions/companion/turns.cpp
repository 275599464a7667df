#include "functions/companion/turns.hpp"

#include "functions/companion/conversation.hpp"

namespace fabula::companion_function {
namespace {

using engine::AnswerForm;
using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> serve(Call& call, const Match& match, AnswerForm form) {
  CompanionConversation conversation;
  co_await engine::serve_turn(call, match, conversation, turn::Action::say, form);
  co_return {};
}

}  // namespace

Task<Result<void>> chat(Call& call, const Match& match) {
  return serve(call, match, AnswerForm::whole);
}

Task<Result<void>> stream(Call& call, const Match& match) {
  return serve(call, match, AnswerForm::stream);
}

}  // namespace fabula::companion_function
