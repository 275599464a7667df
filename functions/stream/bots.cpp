#include "functions/stream/bots.hpp"

#include <string>

#include "shared/http/media_type.hpp"
#include "shared/llm/route/bot.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/host_settings.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::stream_function {

using engine::Call;
using engine::Match;
using runtime::Task;

bool allows_public_bots(Call& call) {
  return call.setting_values().text(settings::named("FABULA_PUBLIC_BOTS")) == "on";
}

Task<Result<void>> read_bots(Call& call, const Match& match) {
  return engine::forward_with(call, match,
                              allows_public_bots(call) ? "" : R"("hides_public_bots":true,)");
}

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
  if (json::boolean_at(body, "is_public").value_or(false) && !allows_public_bots(call)) {
    co_return problem(ErrorCode::forbidden,
                      "Bots cannot be public on this server: leave is_public out, or ask whoever "
                      "runs the server to set FABULA_PUBLIC_BOTS.");
  }
  co_await engine::answer_from_database(call, match, caller.principal, body);
  co_return {};
}

}  // namespace fabula::stream_function
