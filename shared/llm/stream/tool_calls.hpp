// Collects the parts of tool calls that a decoder gives into whole calls.
#pragma once

#include <string>
#include <vector>

#include "shared/llm/stream/stream.hpp"

namespace fabula::llm {

struct ToolCall {
  std::string id;  // empty when the provider gave none
  std::string name;
  std::string arguments;  // raw JSON text, unchecked: cut when the answer was; empty means none
  std::string signature = {};  // as ToolCallPart has it

  bool operator==(const ToolCall&) const = default;
};

class ToolCalls {
 public:
  void add(const ToolCallPart& part);

  const std::vector<ToolCall>& all() const { return calls_; }

 private:
  std::vector<ToolCall> calls_;
};

}  // namespace fabula::llm
