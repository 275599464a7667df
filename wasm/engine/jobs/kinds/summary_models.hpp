// The common parts of all kinds of jobs that write summaries.
#pragma once

#include <cstdint>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::engine {

// Reasoning models need more tokens than the summary has.
inline constexpr std::int64_t kMaximumSummaryTokens = 4000;
// The database's limit of a summary.
inline constexpr std::int64_t kMaximumSummaryBytes = 8192;

// The models of MODEL_SUMMARY, else those of MODEL_CHAT.
Result<Endpoints> summary_models(Call& call);

}  // namespace fabula::engine
