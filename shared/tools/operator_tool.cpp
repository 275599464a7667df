#include "shared/tools/operator_tool.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/http/token.hpp"
#include "shared/json/document.hpp"
#include "shared/llm/route/upstream_hosts.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::tools {
namespace {

constexpr std::size_t kMaximumTools = 32;

// The dossier's tools (wasm/engine/tools/dossier_tools). Providers refuse two tools with one name.
constexpr std::array<std::string_view, 3> kTakenNames{"read_dossier", "look_up_character",
                                                      "propose_dossier_change"};

tl::unexpected<Problem> unusable(std::string_view fault) {
  return problem(ErrorCode::internal_error, "The server is not configured correctly.",
                 std::string("FABULA_TOOLS: ").append(fault));
}

Result<http::Headers> read_headers(const json::Document& tool) {
  http::Headers headers;
  const auto* sent = json::find(tool, "headers");
  if (!sent || sent->is_null()) return headers;
  if (!sent->is_object()) return unusable("headers must be an object of texts");
  for (const auto& [name, value] : sent->items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (!text || !http::is_token(name)) return unusable("headers must be an object of texts");
    headers.set(text::to_lower(name), *text);
  }
  return headers;
}

Result<OperatorTool> read_tool(const json::Document& tool, std::string_view allowed_hosts,
                               bool is_development) {
  OperatorTool read;
  read.name = json::string_at(tool, "name").value_or("");
  read.description = json::string_at(tool, "description").value_or("");
  read.url = json::string_at(tool, "url").value_or("");
  if (!is_tool_name(read.name)) {
    return unusable("a name has 1 to 64 letters, digits, underscores and hyphens");
  }
  if (std::find(kTakenNames.begin(), kTakenNames.end(), read.name) != kTakenNames.end()) {
    return unusable(read.name + " is a tool of the dossier: choose another name");
  }
  const auto* parameters = json::find(tool, "parameters");
  if (!parameters || json::string_at(*parameters, "type") != "object") {
    return unusable("parameters must be a JSON schema of type object");
  }
  read.parameters = json::dump(*parameters);
  if (auto allowed = llm::check_upstream(read.url, allowed_hosts, is_development); !allowed) {
    return unusable(read.name + " has a url that is not https on one of FABULA_UPSTREAM_HOSTS");
  }
  auto headers = read_headers(tool);
  if (!headers) return tl::unexpected(std::move(headers.error()));
  read.headers = *std::move(headers);
  return read;
}

}  // namespace

bool is_tool_name(std::string_view name) {
  constexpr std::size_t kMaximumBytes = 64;
  return !name.empty() && name.size() <= kMaximumBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return text::is_alphanumeric(c) || c == '_' || c == '-'; });
}

Result<std::vector<OperatorTool>> parse_operator_tools(std::string_view setting,
                                                       std::string_view allowed_hosts,
                                                       bool is_development) {
  std::vector<OperatorTool> tools;
  if (setting.empty()) return tools;
  const auto document = json::parse(setting);
  if (!document || !document->is_array()) return unusable("it must be a JSON array");
  if (document->size() > kMaximumTools) return unusable("it has more than 32 tools");
  for (const auto& item : *document) {
    auto tool = read_tool(item, allowed_hosts, is_development);
    if (!tool) return tl::unexpected(std::move(tool.error()));
    const auto is_same = [&tool](const OperatorTool& other) { return other.name == tool->name; };
    if (std::any_of(tools.begin(), tools.end(), is_same)) {
      return unusable("two tools have one name");
    }
    tools.push_back(*std::move(tool));
  }
  return tools;
}

}  // namespace fabula::tools
