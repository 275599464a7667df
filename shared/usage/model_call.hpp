// One request to a provider, as stored in the ledger (supabase/schemas/usage/model_calls.sql),
// whatever its purpose and however it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/result/error_code.hpp"
#include "shared/turn/status.hpp"

namespace fabula::usage {

struct ModelCall {
  std::string provider;
  std::string model;
  turn::Status status = turn::Status::failed;
  std::optional<ErrorCode> error = {};  // why the answer is incomplete
  std::int64_t started_at_ms = 0;       // since the epoch
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> first_token_ms = {};  // after started_at_ms; a reasoning token counts
  std::optional<llm::Usage> usage = {};             // if the provider has reported it
  std::int64_t estimated_output_tokens = 0;         // counted otherwise
  int round = 1;                                    // in a turn with tools
};

// Appends the calls, in the order in which they were made, as a JSON array for
// private.write_model_calls.
void append_model_calls(std::string& out, std::span<const ModelCall> calls);

}  // namespace fabula::usage
