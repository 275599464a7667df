#include "functions/sessions/sessions.hpp"

#include <array>
#include <string>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/sessions.hpp"
#include "shared/http/media_type.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::sessions_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// Both sides must be proven: the account by the bearer, the guest by its token in the body.
Task<Result<void>> migrate(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  if (caller.is_anonymous) {
    co_return problem(
        ErrorCode::forbidden,
        "An anonymous user is no account yet: sign up, and send the account's token.");
  }
  const json::Document body = co_await engine::read_json(call, *match.route.operation);
  co_await api::check_body(body, *match.route.operation->body);
  const auto token = json::string_at(body, "guest_token").value_or("");
  const auto guest = co_await engine::prove_guest(call.context(), call.settings(), token);
  std::string members = "\"guest\":";
  json::Writer writer(members);
  auth::write_principal(writer, guest);
  members.append(",");
  co_await engine::answer_from_database(call, match, caller.principal, body, members);
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::sessions::kListSessions>(&engine::forward, "list_sessions"),
    engine::route<api::sessions::kDeleteSessions>(&engine::forward, "delete_sessions"),
    engine::route<api::sessions::kHealth>(&engine::health),
    engine::route<api::sessions::kMigrateGuest>(&migrate, "migrate_guest"),
    engine::route<api::sessions::kReadSession>(&engine::forward, "read_session"),
    engine::route<api::sessions::kUpdateSession>(&engine::forward, "update_session"),
    engine::route<api::sessions::kDeleteSession>(&engine::forward, "delete_session"),
    engine::route<api::sessions::kListMessages>(&engine::forward, "list_messages"),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "sessions", kRoutes); }

}  // namespace fabula::sessions_function
