#include "functions/users/users.hpp"

#include <array>
#include <string>
#include <utility>

#include "functions/users/export.hpp"
#include "shared/api/endpoints/users.hpp"
#include "shared/database/account.hpp"
#include "shared/database/plan.hpp"
#include "shared/database/readiness.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::users_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// A bearer must be valid, but is otherwise ignored: the guest is a new one.
Task<Result<void>> create_guest(Call& call, const Match&) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const auto caller = co_await engine::identify(call.context(), call.settings(), headers);
  const bool is_guest = caller.principal.kind == auth::Principal::Kind::guest;
  const auto guest = co_await engine::make_guest(call.context(), call.settings(), headers);
  const std::string admission = co_await engine::describe_admission(call);
  const database::CreatedGuest created = co_await engine::call_function(
      call.context(), call.database(), database::kCreateGuest,
      {guest.principal, is_guest ? &caller.principal : nullptr, admission});
  call.log().user_id = created.user_id;
  http::Response response;
  response.head.status = 201;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  json::Writer writer(response.body);
  writer.begin_object().key("user_id").string(created.user_id);
  writer.key("guest_token").string(guest.new_guest_token);
  writer.key("expires_at").string(created.expires_at).end_object();
  co_await call.send(std::move(response));
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::users::kSaveProfile>(&engine::forward, database::kSaveProfile),
    engine::route<api::users::kHealth>(&engine::health),
    engine::route<api::users::kReady>(&engine::ready, database::kReady),
    engine::route<api::users::kReadProfile>(&engine::forward, database::kReadProfile),
    engine::route<api::users::kCreateGuest>(&create_guest),
    engine::route<api::users::kDeleteAccount>(&engine::forward, database::kDeleteAccount),
    engine::route<api::users::kReadDeletion>(&engine::forward_for_anybody, database::kReadDeletion),
    engine::route<api::users::kExportAccount>(&export_account),
    engine::route<api::users::kReadUsage>(&engine::forward, database::kReadUsage),
    engine::route<api::users::kListPlans>(&engine::forward_for_operator, database::kListPlans),
    engine::route<api::users::kSavePlan>(&engine::forward_for_operator, database::kSavePlan),
    engine::route<api::users::kDeletePlan>(&engine::forward_for_operator, database::kDeletePlan),
    engine::route<api::users::kSetPlan>(&engine::forward_for_operator, database::kSetPlan),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "users", kRoutes);
}

}  // namespace fabula::users_function
