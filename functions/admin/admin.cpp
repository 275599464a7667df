#include "functions/admin/admin.hpp"

#include <array>

#include "functions/admin/encryption.hpp"
#include "shared/api/endpoints/admin.hpp"
#include "shared/database/operators.hpp"
#include "shared/database/readiness.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::admin_function {
namespace {

namespace declared = api::admin;
using engine::forward_for_operator;

constexpr std::array kRoutes{
    engine::route<declared::kHealth>(&engine::health),
    engine::route<declared::kReady>(&engine::ready, database::kReady),
    engine::route<declared::kReadUsage>(&forward_for_operator, database::kReadUsageOfAll),
    engine::route<declared::kListAccounts>(&forward_for_operator, database::kListAccounts),
    engine::route<declared::kReadAccount>(&forward_for_operator, database::kReadAccount),
    engine::route<declared::kChangeAccount>(&forward_for_operator, database::kChangeAccount),
    engine::route<declared::kListErasures>(&forward_for_operator, database::kListErasures),
    engine::route<declared::kListFailedJobs>(&forward_for_operator, database::kListFailedJobs),
    engine::route<declared::kRetryJob>(&forward_for_operator, database::kRetryFailedJob),
    engine::route<declared::kRotateEncryption>(&rotate_encryption),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "admin", kRoutes);
}

}  // namespace fabula::admin_function
