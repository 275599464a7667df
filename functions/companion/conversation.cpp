#include "functions/companion/conversation.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include "shared/characters/user_word.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/turn/kinds/chat.hpp"
#include "shared/turn/kinds/companion.hpp"
#include "wasm/engine/kind_turns.hpp"

namespace fabula::companion_function {
namespace {

using engine::Answering;
using engine::Call;
using engine::TurnRequest;
using runtime::Task;

// System messages, together with a character's texts, must fit into the stored prompt.
constexpr std::size_t kMaximumInstructionBytes = 16'000;

Result<void> refused(std::string path, std::string message) {
  auto refusal = problem(ErrorCode::invalid_request, "The messages cannot be used. See `errors`.");
  refusal.value().errors.push_back({std::move(path), std::move(message)});
  return refusal;
}

// Splits the messages: the last is the user's new one; system messages apply to this turn; the rest
// is the conversation before it.
Result<void> read_messages(const json::Document& messages, TurnRequest& request) {
  auto& companion = *request.companion;
  const auto last = messages.size() - 1;
  const std::string last_path =
      "messages[" + text::integer_text(static_cast<std::int64_t>(last)) + "]";
  if (json::string_at(messages[last], "role") != "user") {
    return refused(last_path + ".role", "The last message must be the user's.");
  }
  json::Writer given(companion.given);
  given.begin_array();
  for (std::size_t i = 0; i < last; ++i) {
    const auto role = json::string_at(messages[i], "role").value_or("");
    const auto content = json::string_at(messages[i], "content").value_or("");
    if (role == "system") {
      if (!companion.caller_instructions.empty()) companion.caller_instructions.append("\n\n");
      companion.caller_instructions.append(content);
    } else {
      given.begin_object().key("role").string(role).key("content").string(content).end_object();
    }
  }
  given.end_array();
  if (companion.caller_instructions.size() > kMaximumInstructionBytes) {
    return refused("messages", "Messages of the system may have 16000 bytes together.");
  }
  request.text = json::string_at(messages[last], "content").value_or("");
  return {};
}

}  // namespace

void fill_in(Call& call, const turn::Kind& kind, TurnRequest& request, std::string character_id) {
  if (!request.companion) request.companion.emplace();
  auto& companion = *request.companion;
  companion.character_id = std::move(character_id);
  companion.user_word = characters::user_word(request.text);
  companion.character_prompt = kind.character_prompt->text;
  companion.character_prompt_label = kind.character_prompt->label;
  const auto prompt = engine::kind_prompt(call, kind);
  request.system_prompt = prompt.text;
  request.prompt = prompt.label;
}

CompanionConversation::CompanionConversation() : Conversation(turn::kinds::kCompanion) {}

Result<void> CompanionConversation::read(Call& call, const json::Document& body,
                                         TurnRequest& request) {
  const auto text = [&body](std::string_view key) {
    return std::string(json::string_at(body, key).value_or(""));
  };
  auto& companion = request.companion.emplace();
  if (auto messages = read_messages(*json::find(body, "messages"), request); !messages) {
    return messages;
  }
  request.session_id = text("conversation_id");
  request.reasoning = json::boolean_at(body, "reasoning").value_or(false);
  companion.greeting_index = json::integer_at(body, "greeting_index");
  request.chosen = turn::read_model_settings(body);
  fill_in(call, kind(), request, text("character_id"));
  return {};
}

Task<Result<Answering>> CompanionConversation::before_turn(Call& call, const engine::Caller&,
                                                           const json::Document&,
                                                           const engine::TurnLimits&,
                                                           TurnRequest& request) {
  const auto& chat = turn::kinds::kChat.purposes.front();
  Answering answering;
  answering.endpoints = co_await engine::turn_models(
      call, request.chosen, *kind().purposes.front().setting, *chat.setting);
  co_return std::move(answering);
}

}  // namespace fabula::companion_function
