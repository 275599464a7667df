// One request to a model, as it is accounted for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::turn {

// Times count from the clock's epoch, or from `started_ms`.
struct Attempt {
  std::string_view provider;  // both views are of the route
  std::string_view model;
  std::int64_t started_ms = 0;
  std::optional<std::int64_t> first_token_ms = {};  // one of its thinking counts
  std::int64_t latency_ms = 0;
  // What it failed of; nothing when it was whole, or when it was us who ended it.
  std::optional<ErrorCode> failure = {};
  bool is_complete = false;
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage = {};  // as far as the provider had told it
};

// How it ended: `complete`, `cut` by us, or the code of its failure.
inline std::string_view outcome(const Attempt& attempt) {
  if (attempt.is_complete) return "complete";
  return attempt.failure ? facts(*attempt.failure).name : std::string_view("cut");
}

}  // namespace fabula::turn
