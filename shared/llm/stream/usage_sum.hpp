// The sum of the usage of several answers.
#pragma once

#include <optional>

#include "shared/llm/stream/stream.hpp"

namespace fabula::llm {

// Adds `more` to `total`, which stays empty if both are.
inline void add_usage(std::optional<Usage>& total, const std::optional<Usage>& more) {
  if (!more) return;
  if (!total) total.emplace();
  total->input_tokens += more->input_tokens;
  total->output_tokens += more->output_tokens;
  total->reasoning_tokens += more->reasoning_tokens;
  total->cached_input_tokens += more->cached_input_tokens;
  total->cache_write_tokens += more->cache_write_tokens;
  if (more->cost_usd) total->cost_usd = total->cost_usd.value_or(0) + *more->cost_usd;
}

}  // namespace fabula::llm
