#include "functions/users/users.hpp"

#include <array>

#include "shared/api/endpoints/users.hpp"
#include "shared/database/account.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::users_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::users::kSaveProfile>(&engine::forward, database::kSaveProfile),
    engine::route<api::users::kHealth>(&engine::health),
    engine::route<api::users::kReadProfile>(&engine::forward, database::kReadProfile),
    engine::route<api::users::kDeleteAccount>(&engine::forward, database::kDeleteAccount),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "users", kRoutes);
}

}  // namespace fabula::users_function
