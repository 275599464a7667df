// The operator's own tools: the setting FABULA_TOOLS, a JSON array of
//   {"name", "description", "parameters": a JSON schema of type object, "url", "headers"?: {}}
// A call POSTs its arguments to the URL, and the text of the answer is the tool's answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/http/headers.hpp"
#include "shared/llm/request/tool.hpp"
#include "shared/result/result.hpp"

namespace fabula::tools {

struct OperatorTool {
  std::string name;
  std::string description;
  std::string parameters;  // JSON text
  std::string url;
  http::Headers headers;

  // The tool as the model gets it; views of this object.
  llm::Tool offered() const { return {name, description, parameters}; }
};

// URLs must be https, on hosts that are in `allowed_hosts` (FABULA_UPSTREAM_HOSTS) or belong to a
// known provider; with `is_development` http on these, and loopback, is allowed too. internal_error
// when the setting cannot be used, because only the operator can fix it.
Result<std::vector<OperatorTool>> parse_operator_tools(std::string_view setting,
                                                       std::string_view allowed_hosts,
                                                       bool is_development);

// A name that every provider accepts for a tool: 1 to 64 letters, digits, `_` and `-`.
bool is_tool_name(std::string_view name);

}  // namespace fabula::tools
