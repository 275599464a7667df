#include "functions/sessions/sessions.hpp"

#include <array>
#include <string>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/sessions.hpp"
#include "shared/database/account.hpp"
#include "shared/database/conversation.hpp"
#include "shared/database/readiness.hpp"
#include "shared/http/media_type.hpp"
#include "shared/turn/model_settings.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/model_choice.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::sessions_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// Both identities must be verified: the account by the bearer, the guest by its token in the body.
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
  const std::string checked = co_await api::check_body(body, *match.route.operation->body);
  const auto token = json::string_at(body, "guest_token").value_or("");
  const auto guest = co_await engine::prove_guest(call.context(), call.settings(), token);
  const std::string answer = co_await engine::call_function(
      call.context(), call.database(), database::kMigrateGuest, {guest, checked, caller.principal});
  co_await engine::send_envelope(call, answer);
  co_return {};
}

// Only this function knows the models and the token limit of the deployment. The model is stored
// with its full name.
Task<Result<void>> update(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  const json::Document body = co_await engine::read_json(call, *match.route.operation);
  json::Document checked =
      co_await json::parse(co_await api::check_body(body, *match.route.operation->body));
  const auto chosen = turn::read_model_settings(checked);
  co_await engine::check_maximum_tokens(call, chosen.maximum_output_tokens);
  if (!chosen.model.empty()) {
    const auto endpoints = co_await engine::choose_model(call, chosen.model);
    const auto& model = endpoints.front();
    *json::find(checked, "model") = std::string(model.provider->name) + ":" + model.model;
  }
  co_await engine::answer_from_database(call, match, caller.principal, checked);
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::sessions::kListSessions>(&engine::forward, database::kListSessions),
    engine::route<api::sessions::kDeleteSessions>(&engine::forward, database::kDeleteSessions),
    engine::route<api::sessions::kHealth>(&engine::health),
    engine::route<api::sessions::kReady>(&engine::ready, database::kReady),
    engine::route<api::sessions::kMigrateGuest>(&migrate),
    engine::route<api::sessions::kReadSession>(&engine::forward, database::kReadSession),
    engine::route<api::sessions::kUpdateSession>(&update, database::kUpdateSession),
    engine::route<api::sessions::kDeleteSession>(&engine::forward, database::kDeleteSession),
    engine::route<api::sessions::kListMessages>(&engine::forward, database::kListMessages),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "sessions", kRoutes); }

}  // namespace fabula::sessions_function
