// Tools with which a model reads the dossier of the conversation's story, and proposes changes to
// it. A proposal counts only when a person accepts it.
#pragma once

#include <array>

#include "shared/json/document.hpp"
#include "shared/llm/request/tool.hpp"
#include "wasm/engine/tools/tool_use.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct DossierTool {
  llm::Tool tool;
  runtime::Task<llm::ToolAnswer> (*run)(const ToolUse& use, const json::Document& arguments);
};

// read_dossier, look_up_character and propose_dossier_change.
extern const std::array<DossierTool, 3> kDossierTools;

}  // namespace fabula::engine
