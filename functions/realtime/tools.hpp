// The tools of a live conversation: each call and each result is an event of the session.
#pragma once

#include "wasm/engine/tools/toolbox.hpp"

namespace fabula::realtime_function {

class RealtimeTools final : public engine::Toolbox {
 protected:
  runtime::Task<void> before(const engine::ToolUse& use, const llm::ToolCall& call) override;
  runtime::Task<void> after(const engine::ToolUse& use, const llm::ToolCall& call,
                            const llm::ToolAnswer& answer) override;
};

}  // namespace fabula::realtime_function
