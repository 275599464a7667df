#include "functions/users/users.hpp"

#include <array>

#include "shared/api/endpoints/users.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::users_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::users::kSaveProfile>(&engine::forward, "save_profile"),
    engine::route<api::users::kHealth>(&engine::health),
    engine::route<api::users::kReadProfile>(&engine::forward, "read_profile"),
    engine::route<api::users::kDeleteAccount>(&engine::forward, "delete_account"),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "users", kRoutes);
}

}  // namespace fabula::users_function
