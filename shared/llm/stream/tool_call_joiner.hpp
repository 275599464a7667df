// Finds out which pieces belong to one tool call, and numbers the calls. Providers number them from
// 0, from elsewhere, all alike or not at all; they name a call once or in every piece; and they
// interleave calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/surrogate_joiner.hpp"

namespace fabula::llm {

// More than any provider allows in one answer.
inline constexpr std::size_t kMaximumToolCalls = 256;

// A piece as a provider sends it. All texts may have lone surrogates in WTF-8.
struct ToolCallPiece {
  std::optional<std::int64_t> number = {};  // the provider's own number, if there is one
  bool begins_call = false;                 // regardless of number and id
  std::string id = {};
  std::string name = {};
  std::string arguments = {};
};

class ToolCallJoiner {
 public:
  // Passes the new parts of the piece to `sink`. False when there would be too many calls.
  // Arguments of a call with neither id nor name are skipped.
  bool join(const ToolCallPiece& piece, StreamSink& sink);

 private:
  struct Call {
    std::optional<std::int64_t> number;
    std::string id;
    std::string name;
    char last_byte = 0;  // of the arguments
    SurrogateJoiner arguments;
  };

  Call* find(const ToolCallPiece& piece);

  std::vector<Call> calls_;
};

}  // namespace fabula::llm
