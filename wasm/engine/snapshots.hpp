// Copies of conversations in Supabase Storage, {id}.json in the bucket of FABULA_STORAGE_BUCKET,
// which is created when it is missing. They are read and written with the secret key: no user has
// access to the bucket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// All of these fail with database_unavailable when Storage cannot be reached or refuses.
runtime::Task<Result<void>> write_snapshot(Call& call, std::string_view conversation_id,
                                           std::string_view json);

// Deletes the copy; succeeds if it does not exist.
runtime::Task<Result<void>> delete_snapshot(Call& call, std::string_view conversation_id);

// The text, at most 16 MiB; not_found when there is none.
runtime::Task<Result<std::string>> read_snapshot(Call& call, std::string_view conversation_id);

// Deletes the snapshots of conversations, and the pictures of scenes, whose rows are gone. Returns
// how many.
runtime::Task<Result<std::int64_t>> delete_orphaned_files(Call& call);

}  // namespace fabula::engine
