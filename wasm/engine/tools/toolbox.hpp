// The tools of one turn: those of the dossier, if the conversation has one, and the operator's own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/request/tool.hpp"
#include "shared/result/result.hpp"
#include "shared/tools/operator_tool.hpp"
#include "wasm/engine/tool_rounds.hpp"
#include "wasm/engine/tools/tool_use.hpp"

namespace fabula::engine {

class Toolbox : public ToolRunner {
 public:
  virtual ~Toolbox() = default;

  // Fills the box for a turn that has begun, with the tools in `names`, or else all. internal_error
  // when FABULA_TOOLS cannot be used.
  Result<void> fill(ToolUse use, const std::vector<std::string>* names);

  // Views of this object.
  std::span<const llm::Tool> offered() const { return offered_; }

  runtime::Task<llm::ToolAnswer> run(const llm::ToolCall& call) override;

 protected:
  // Called around each use.
  virtual runtime::Task<void> before(const ToolUse& use, const llm::ToolCall& call);
  virtual runtime::Task<void> after(const ToolUse& use, const llm::ToolCall& call,
                                    const llm::ToolAnswer& answer);

 private:
  runtime::Task<llm::ToolAnswer> answer(const llm::ToolCall& call);

  std::optional<ToolUse> use_;
  std::vector<tools::OperatorTool> operator_tools_;
  std::vector<llm::Tool> offered_;
};

}  // namespace fabula::engine
