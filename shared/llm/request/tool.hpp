// Tools that a model may call while it answers, and their answers.
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

// The tool's answer to the model.
struct ToolAnswer {
  std::string content;
  bool is_error = false;
};

// An answer of the model that called tools, and the tools' answers. The calls have ids, and their
// arguments are JSON objects; there is one answer for each call.
struct ToolRound {
  std::string text;  // written by the model before the calls
  std::vector<ToolCall> calls;
  std::vector<ToolAnswer> answers;
};

}  // namespace fabula::llm
