// Files in Supabase Storage, in buckets that no user can access: they are read and written with the
// secret key, and a bucket is created when it is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// A path in a bucket; its parts are separated by slashes. The views must outlive the task.
struct StoredFile {
  std::string_view bucket;
  std::string_view path;
};

// All of these fail with database_unavailable when Storage cannot be reached or refuses.

// Writes the file, replacing an existing one.
runtime::Task<Result<void>> write_file(Call& call, StoredFile file, std::string_view media_type,
                                       std::string_view bytes);

// Deletes the file; succeeds if it does not exist.
runtime::Task<Result<void>> delete_file(Call& call, StoredFile file);

// The file's bytes; not_found when there is none, body_too_large above the limit.
runtime::Task<Result<std::string>> read_file(Call& call, StoredFile file, std::size_t limit_bytes);

// URLs at which anybody can read these files for this long, in the order of the paths; "" for a
// missing file. `paths` must outlive the task.
runtime::Task<Result<std::vector<std::string>>> sign_files(Call& call, std::string_view bucket,
                                                           std::span<const std::string> paths,
                                                           std::int64_t lifetime_seconds);

}  // namespace fabula::engine
