// Pictures of scenes: drawn by the models of MODEL_IMAGE, and kept in Supabase Storage in the
// bucket of FABULA_ILLUSTRATIONS_BUCKET.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/answer/image.hpp"
#include "shared/result/result.hpp"
#include "shared/usage/model_call.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct DrawnImage {
  llm::Image image;
  std::string model;  // provider:model
};

// Asks the models of the route one after another, as llm::RetryPlan decides, until one has drawn
// the prompt, within this many milliseconds. An answer has at most 6 MiB, which is a picture of 4.5
// MiB in base64: an instance has memory for both. Each request is added to `calls`.
//
// Errors: that of the most hopeful attempt.
runtime::Task<Result<DrawnImage>> draw(Call& call, const Endpoints& models, std::string_view prompt,
                                       std::int64_t time_ms, std::vector<usage::ModelCall>& calls);

// These fail with database_unavailable when Storage cannot be reached or refuses.
runtime::Task<Result<void>> write_illustration(Call& call, std::string_view path,
                                               const llm::Image& image);
runtime::Task<Result<void>> delete_illustration(Call& call, std::string_view path);
runtime::Task<Result<std::vector<std::string>>> sign_illustrations(
    Call& call, std::span<const std::string> paths, std::int64_t lifetime_seconds);

}  // namespace fabula::engine
