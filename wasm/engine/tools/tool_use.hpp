// The facts about a turn that a tool may know when the model calls it.
#pragma once

#include <string>

#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::engine {

struct ToolUse {
  Call& call;
  const Caller& caller;
  std::string project_id;  // empty: the conversation belongs to none
  std::string session_id;
  std::string generation_id;
  std::string user_message_id;
  std::string user_text;
};

}  // namespace fabula::engine
