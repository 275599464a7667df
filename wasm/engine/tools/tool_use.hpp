// The facts about a turn that are available to a tool when the model calls it.
#pragma once

#include <string>

#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::engine {

struct ToolUse {
  Call& call;
  const Caller& caller;
  std::string project_id;  // empty: the conversation has no project
  std::string session_id;
  std::string generation_id;
  std::string user_message_id;
  std::string user_text;
};

}  // namespace fabula::engine
