#include "wasm/engine/snapshots.hpp"

#include <cstddef>
#include <utility>

#include "shared/database/snapshot.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/illustrations.hpp"
#include "wasm/engine/storage.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Our copies have at most 3 MB (private.conversation_snapshot_work). An instance has memory for
// this text and for the request that contains it.
constexpr std::size_t kMaximumSnapshotBytes = std::size_t{6} << 20;
// The number of orphans that one call deletes: platforms limit the subrequests of one request.
constexpr std::int64_t kMaximumOrphans = 20;

std::string snapshots_bucket(Call& call) {
  return std::string(call.setting_values().text(settings::named("FABULA_STORAGE_BUCKET")));
}

std::string snapshot_path(std::string_view conversation_id) {
  return std::string(conversation_id).append(".json");
}

}  // namespace

Task<Result<void>> write_snapshot(Call& call, std::string_view conversation_id,
                                  std::string_view json) {
  const auto bucket = snapshots_bucket(call);
  const auto path = snapshot_path(conversation_id);
  co_return co_await runtime::attempt(write_file(call, {bucket, path}, "application/json", json));
}

Task<Result<void>> delete_snapshot(Call& call, std::string_view conversation_id) {
  const auto bucket = snapshots_bucket(call);
  const auto path = snapshot_path(conversation_id);
  co_return co_await runtime::attempt(delete_file(call, {bucket, path}));
}

Task<Result<std::string>> read_snapshot(Call& call, std::string_view conversation_id) {
  const auto bucket = snapshots_bucket(call);
  const auto path = snapshot_path(conversation_id);
  auto text = co_await runtime::attempt(read_file(call, {bucket, path}, kMaximumSnapshotBytes));
  if (!text && text.error().code == ErrorCode::not_found) {
    co_return problem(ErrorCode::not_found,
                      "There is no such conversation, and no snapshot of it.");
  }
  if (!text && text.error().code == ErrorCode::body_too_large) {
    co_return problem(ErrorCode::body_too_large,
                      "The conversation's copy in Storage has more than 6 MiB and cannot be "
                      "restored. Shorten it.");
  }
  co_return text;
}

Task<Result<std::int64_t>> delete_orphaned_files(Call& call) {
  const database::DeletedSnapshots orphans = co_await call_function(
      call.context(), call.database(), database::kTakeDeletedSnapshots, {kMaximumOrphans});
  database::DeletedSnapshots gone;
  for (const auto& id : orphans.ids) {
    if (co_await runtime::attempt(delete_snapshot(call, id))) gone.ids.push_back(id);
  }
  for (const auto& path : orphans.illustrations) {
    if (co_await runtime::attempt(delete_illustration(call, path))) {
      gone.illustrations.push_back(path);
    }
  }
  const auto count = gone.ids.size() + gone.illustrations.size();
  if (count > 0) {
    co_await call_function(call.context(), call.database(), database::kForgetDeletedSnapshots,
                           gone);
  }
  co_return static_cast<std::int64_t>(count);
}

}  // namespace fabula::engine
