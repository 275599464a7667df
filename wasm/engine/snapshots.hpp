// Copies of conversations in Supabase Storage, {id}.json in the bucket of FABULA_STORAGE_BUCKET,
// which is made when it is missing. They are read and written with the secret key: the bucket is
// nobody's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Problems of all: database_unavailable when Storage cannot be reached or refuses.
runtime::Task<Result<void>> write_snapshot(Call& call, std::string_view conversation_id,
                                           std::string_view json);

// Deletes it; one that is not there is fine.
runtime::Task<Result<void>> delete_snapshot(Call& call, std::string_view conversation_id);

// The text, at most 16 MiB; not_found when there is none.
runtime::Task<Result<std::string>> read_snapshot(Call& call, std::string_view conversation_id);

// Deletes the snapshots of conversations, and the pictures of scenes, whose rows are gone. Returns
// how many.
runtime::Task<Result<std::int64_t>> delete_orphaned_files(Call& call);

}  // namespace fabula::engine
