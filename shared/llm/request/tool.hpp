// Tools that a model may ask for while it answers, and what came of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/tool_calls.hpp"

namespace fabula::llm {

struct Tool {
  std::string_view name;  // letters, digits, _ and -; 64 at most
  std::string_view description;
  std::string_view parameters;  // a JSON schema of type object
};

// What the tool gave, for the model.
struct ToolAnswer {
  std::string content;
  bool is_error = false;
};

// An answer that asked for tools, and what they gave. The calls have ids, and arguments that are
// JSON objects; there is one answer a call.
struct ToolRound {
  std::string text;  // that the model wrote before it asked
  std::vector<ToolCall> calls;
  std::vector<ToolAnswer> answers;
};

}  // namespace fabula::llm
