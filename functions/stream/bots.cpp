#include "functions/stream/bots.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/api/check.hpp"
#include "shared/database/bot.hpp"
#include "shared/encryption/encrypted_text.hpp"
#include "shared/http/media_type.hpp"
#include "shared/llm/route/bot.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/encryption.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/host_settings.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::stream_function {

using engine::Call;
using engine::Match;
using runtime::Task;

namespace {

// Whether public bots are hidden, as a member for the database's request.
std::string_view hiding(Call& call) {
  return allows_public_bots(call) ? "" : R"("hides_public_bots":true,)";
}

// The number of the bot that is saved. A key is encrypted for its bot, so a new bot gets its number
// before it is made.
Task<Result<std::int64_t>> number_of(Call& call, const Match& match,
                                     const auth::Principal& principal) {
  if (match.captures.empty()) {
    co_return co_await runtime::attempt(
        engine::call_function(call.context(), call.database(), database::kReserveBotId, principal));
  }
  const json::Document ids = co_await api::path_ids(match.captures);
  co_return json::integer_at(ids, "bot_id").value_or(0);
}

// The key of the body, encrypted, as members for the database's request.
Task<Result<std::string>> encrypt_key(Call& call, const Match& match,
                                      const auth::Principal& principal, std::string_view key) {
  const engine::Encryption encryption = co_await engine::Encryption::read(call);
  const std::int64_t bot_id = co_await number_of(call, match, principal);
  const encryption::EncryptedText encrypted =
      co_await encryption.encrypt(llm::owner_of_key(bot_id), key);
  std::string members;
  if (match.captures.empty()) {
    members.append(R"("bot_id":)").append(text::integer_text(bot_id)).append(",");
  }
  members.append(R"("encrypted_key":)");
  json::Writer writer(members);
  encryption::write_encrypted_text(writer, encrypted);
  co_return members.append(",");
}

}  // namespace

bool allows_public_bots(Call& call) {
  return call.setting_values().text(settings::named("FABULA_PUBLIC_BOTS")) == "on";
}

Task<Result<void>> serve_bots(Call& call, const Match& match) {
  return engine::forward_with(call, match, hiding(call));
}

Task<Result<void>> save_bot(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  json::Document body = co_await engine::read_json(call, *match.route.operation);
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
  std::string members(hiding(call));
  if (const std::string key = text("access_key"); !key.empty()) {
    co_await api::check_body(body, *match.route.operation->body);
    members += co_await encrypt_key(call, match, caller.principal, key);
    body.erase("access_key");
  }
  co_await engine::answer_from_database(call, match, caller.principal, body, members);
  co_return {};
}

}  // namespace fabula::stream_function
