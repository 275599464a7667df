#include "functions/users/users.hpp"

#include <array>

#include "shared/api/endpoints/users.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::users {
namespace {

constexpr std::array kRoutes{
    engine::EndpointRoute{&api::users::kSaveProfile, &engine::forward, "save_profile"},
    engine::EndpointRoute{&api::users::kHealth, &engine::health},
    engine::EndpointRoute{&api::users::kReadProfile, &engine::forward, "read_profile"},
    engine::EndpointRoute{&api::users::kDeleteAccount, &engine::forward, "delete_account"},
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "users", kRoutes);
}

}  // namespace fabula::users
