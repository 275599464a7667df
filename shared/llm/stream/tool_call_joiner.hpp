// Finds out which pieces belong to one call of a tool, and numbers the calls. Providers number them
// from 0, from elsewhere, all alike or not at all; they name a call once or in every piece; and
// they interleave calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/surrogate_joiner.hpp"

namespace fabula::llm {

// More than any provider lets a model make in one answer.
inline constexpr std::size_t kMaximumToolCalls = 256;

// As a provider sends it. All texts may have lone surrogates in WTF-8.
struct ToolCallPiece {
  std::optional<std::int64_t> number = {};  // the provider's own, when it gave one
  bool begins_call = false;                 // whatever the number and the id say
  std::string id = {};
  std::string name = {};
  std::string arguments = {};
};

class ToolCallJoiner {
 public:
  // Tells `sink` what is new in the piece. False when it would be one call too many. Arguments of a
  // call that has neither id nor name are passed over.
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
