// The tools that the operator adds: the setting FABULA_TOOLS, a JSON array of
//   {"name", "description", "parameters": a JSON schema of type object, "url", "headers"?: {}}
// A call is a POST of its arguments to the URL, and the answer's text is the tool's answer.
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

  // For the model; views of this.
  llm::Tool offered() const { return {name, description, parameters}; }
};

// URLs are https, on hosts that `allowed_hosts` (FABULA_UPSTREAM_HOSTS) names or that belong to a
// known provider; with `is_development` also http on them, and loopback. internal_error when the
// setting cannot be used: only its operator can do something about it.
Result<std::vector<OperatorTool>> parse_operator_tools(std::string_view setting,
                                                       std::string_view allowed_hosts,
                                                       bool is_development);

// A name that every provider takes for a tool: 1 to 64 letters, digits, `_` and `-`.
bool is_tool_name(std::string_view name);

}  // namespace fabula::tools
