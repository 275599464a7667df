#include "functions/stream/conversation.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "functions/stream/bots.hpp"
#include "shared/llm/route/bot.hpp"
#include "shared/llm/route/route.hpp"
#include "shared/text/integer.hpp"
#include "shared/turn/kinds/chat.hpp"
#include "shared/turn/kinds/relay.hpp"
#include "wasm/engine/encryption.hpp"
#include "wasm/engine/host_settings.hpp"

namespace fabula::stream_function {
namespace {

using engine::Call;
using engine::TurnRequest;
using runtime::Task;

// The models for bots that name none: MODEL_STREAM's, else the chat's.
Result<llm::Route> own_route(Call& call) {
  const auto& own = *turn::kinds::kRelay.purposes.front().setting;
  auto& values = call.setting_values();
  const auto& setting = values.find(own) ? own : *turn::kinds::kChat.purposes.front().setting;
  return llm::parse_route(values.text(setting), setting.name);
}

Result<llm::Endpoint> resolve_bot(Call& call, const llm::Bot& bot) {
  auto route = own_route(call);
  if (!route) return tl::unexpected(std::move(route.error()));
  return llm::resolve_bot(bot, *route, engine::HostSettings(call), call.settings().is_development);
}

}  // namespace

BotConversation::BotConversation() : Conversation(turn::kinds::kRelay) {}

Result<void> BotConversation::read(Call& call, const json::Document& body, TurnRequest& request) {
  const auto text = [&body](std::string_view key) {
    return std::string(json::string_at(body, key).value_or(""));
  };
  request.text = text("prompt");
  request.stream_id = text("stream_id");
  request.bot_id = json::integer_at(body, "bot_id").value_or(0);
  request.hides_public_bots = !allows_public_bots(call);
  request.external_id = text::integer_text(json::integer_at(body, "conversation_id").value_or(0));
  // Replaces the bot's own system prompt.
  request.system_prompt = text("system");
  call.log().bot_id = text::integer_text(request.bot_id);
  call.log().conversation_id = request.external_id;
  return {};
}

// The bot's model is known only when the turn has begun.
Task<Result<void>> BotConversation::after_begin(Call& call, const engine::Caller&,
                                                const turn::BegunTurn& turn,
                                                const engine::TurnLimits&, TurnRequest& request,
                                                engine::Answering& answering) {
  auto bot = turn::asked_bot(turn).value_or(turn::AskedBot{});
  if (bot.encrypted_key) {
    const engine::Encryption encryption = co_await engine::Encryption::read(call);
    bot.choice.access_key =
        co_await encryption.decrypt(llm::owner_of_key(bot.bot_id), *bot.encrypted_key);
  }
  if (request.system_prompt.empty()) request.system_prompt = bot.system;
  answering.endpoints.push_back(co_await resolve_bot(call, bot.choice));
  co_return {};
}

}  // namespace fabula::stream_function
