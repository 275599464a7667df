#include "functions/stream/bots.hpp"

#include <string>

#include "shared/http/media_type.hpp"
#include "shared/llm/route/bot.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/host_settings.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::stream_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> save_bot(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  const auto body = co_await engine::read_json(call, *match.route.operation);
  const auto text = [&body](std::string_view key) {
    return std::string(json::string_at(body, key).value_or(""));
  };
  llm::Bot bot;
  bot.provider = text("provider");
  bot.access_path = text("access_path");
  co_await llm::check_bot(bot, engine::HostSettings(call), call.settings().is_development);
  co_await engine::answer_from_database(call, match, caller.principal, body);
  co_return {};
}

}  // namespace fabula::stream_function
