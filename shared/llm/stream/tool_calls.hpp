// Joins the parts of tool calls from a decoder into whole calls.
#pragma once

#include <string>
#include <vector>

#include "shared/llm/stream/stream.hpp"

namespace fabula::llm {

struct ToolCall {
  std::string id;  // empty when the provider gave none
  std::string name;
  std::string arguments;  // raw JSON text, unchecked: cut off if the answer was; empty means none
  std::string signature = {};  // from ToolCallPart

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
