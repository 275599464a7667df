// Files in Supabase Storage, in buckets that are nobody's: they are read and written with the
// secret key, and a bucket is made when it is missing.
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

// In its bucket; a path's parts are separated by slashes. The views must outlive the task.
struct StoredFile {
  std::string_view bucket;
  std::string_view path;
};

// Problems of all: database_unavailable when Storage cannot be reached or refuses.

// Writes it, also in place of another one.
runtime::Task<Result<void>> write_file(Call& call, StoredFile file, std::string_view media_type,
                                       std::string_view bytes);

// Deletes it; one that is not there is fine.
runtime::Task<Result<void>> delete_file(Call& call, StoredFile file);

// Its bytes; not_found when there is none, body_too_large above the limit.
runtime::Task<Result<std::string>> read_file(Call& call, StoredFile file, std::size_t limit_bytes);

// Addresses at which whoever has them can read these files for so long, in the order of the paths;
// "" for a file that is not there. `paths` must outlive the task.
runtime::Task<Result<std::vector<std::string>>> sign_files(Call& call, std::string_view bucket,
                                                           std::span<const std::string> paths,
                                                           std::int64_t lifetime_seconds);

}  // namespace fabula::engine
