// The story writer's actions as tools for an agent (GET /story/tools): document 002's front-end
// actions, each one endpoint.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fabula::story {

struct StoryTool {
  std::string_view name;
  std::string_view description;
  std::string_view method;
  std::string_view path;  // `{name}` is a parameter
};

// They live as long as the program.
std::span<const StoryTool> story_tools();

// The body of GET /story/tools: {"tools": [{name, description, parameters: a JSON schema, method,
// path}]}. Parameters that are not in the path are fields of the body, or of the query for a GET.
std::string tools_json();

}  // namespace fabula::story
