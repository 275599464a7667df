#include "wasm/engine/tools/toolbox.hpp"

#include <algorithm>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/fetch.hpp"
#include "wasm/engine/tools/dossier_tools.hpp"

namespace fabula::engine {
namespace {

using llm::ToolAnswer;
using runtime::Task;

Task<ToolAnswer> ask_operator_tool(Call& call, const tools::OperatorTool& tool,
                                   std::string_view arguments) {
  http::RequestHead request{"POST", tool.url, tool.headers};
  request.headers.set("content-type", "application/json");
  const auto head = http::serialize(request);
  if (!head) co_return ToolAnswer{"The tool cannot be reached.", true};
  const auto answer = co_await fetch(call.context(), {.head = *head,
                                                      .body = arguments,
                                                      .limit_bytes = kMaximumToolAnswerBytes,
                                                      .deadlines = deadlines::kTool});
  if (!answer) {
    co_return ToolAnswer{answer.error() == FetchFault::too_large
                             ? "The tool's answer is too long. Ask for less."
                             : "The tool did not answer.",
                         true};
  }
  const bool is_ok = answer->status >= 200 && answer->status < 300;
  co_return ToolAnswer{answer->body, !is_ok};
}

}  // namespace

Result<void> Toolbox::fill(ToolUse use, const std::vector<std::string>* names) {
  auto& values = use.call.setting_values();
  auto parsed = tools::parse_operator_tools(values.text(settings::named("FABULA_TOOLS")),
                                            values.text(settings::named("FABULA_UPSTREAM_HOSTS")),
                                            use.call.settings().is_development);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  operator_tools_ = *std::move(parsed);
  offered_.clear();
  const auto offer = [this, names](const llm::Tool& tool) {
    if (!names || std::find(names->begin(), names->end(), tool.name) != names->end()) {
      offered_.push_back(tool);
    }
  };
  if (!use.project_id.empty()) {
    for (const auto& known : kDossierTools) offer(known.tool);
  }
  for (const auto& tool : operator_tools_) offer(tool.offered());
  use_.emplace(std::move(use));
  return {};
}

Task<ToolAnswer> Toolbox::answer(const llm::ToolCall& call) {
  for (const auto& known : kDossierTools) {
    if (known.tool.name != call.name) continue;
    const auto arguments = json::parse(call.arguments);
    if (!arguments) co_return ToolAnswer{"The arguments are no JSON object.", true};
    co_return co_await known.run(*use_, *arguments);
  }
  for (const auto& tool : operator_tools_) {
    if (tool.name == call.name) {
      co_return co_await ask_operator_tool(use_->call, tool, call.arguments);
    }
  }
  co_return ToolAnswer{"There is no tool of this name.", true};
}

Task<ToolAnswer> Toolbox::run(const llm::ToolCall& call) {
  co_await before(*use_, call);
  ToolAnswer given = co_await answer(call);
  // Cut before it is sent on, so that everybody gets the same answer as the model.
  if (given.content.size() > kMaximumToolAnswerBytes) {
    given = {"The answer is too long. Ask for less.", true};
  }
  co_await after(*use_, call, given);
  co_return given;
}

Task<void> Toolbox::before(const ToolUse&, const llm::ToolCall&) { co_return; }

Task<void> Toolbox::after(const ToolUse&, const llm::ToolCall&, const ToolAnswer&) { co_return; }

}  // namespace fabula::engine
