#include "shared/llm/stream/tool_calls.hpp"

namespace fabula::llm {

void ToolCalls::add(const ToolCallPart& part) {
  if (part.index >= calls_.size()) calls_.resize(part.index + 1);
  auto& call = calls_[part.index];
  call.id += part.id;
  call.name += part.name;
  call.arguments += part.arguments;
  if (!part.signature.empty()) call.signature = part.signature;
}

}  // namespace fabula::llm
