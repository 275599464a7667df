#include "shared/story/tools.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/story/options.hpp"
#include "shared/tools/operator_tool.hpp"

using namespace fabula;
using namespace fabula::story;

TEST_CASE("the six actions of the document are told") {
  constexpr auto kActions = std::to_array<std::string_view>(
      {"generateStoryPremise", "generateStoryOutline", "startStoryWriting", "continueStoryWriting",
       "refineStoryOutline", "exportStory"});
  REQUIRE(story_tools().size() == kActions.size());
  for (std::size_t i = 0; i < kActions.size(); ++i) {
    CHECK(story_tools()[i].name == kActions[i]);
    CHECK(tools::is_tool_name(story_tools()[i].name));
  }
}

TEST_CASE("each tool has a JSON schema and its endpoint") {
  const auto body = json::parse(tools_json());
  REQUIRE(body);
  const auto* tools = json::find(*body, "tools");
  REQUIRE(tools);
  REQUIRE(tools->size() == story_tools().size());
  std::size_t i = 0;
  for (const auto& tool : *tools) {
    const auto& row = story_tools()[i++];
    CAPTURE(row.name);
    CHECK(json::string_at(tool, "name") == row.name);
    CHECK(json::string_at(tool, "method") == row.method);
    CHECK(json::string_at(tool, "path") == row.path);
    CHECK(!json::string_at(tool, "description").value_or("").empty());
    const auto* parameters = json::find(tool, "parameters");
    REQUIRE(parameters);
    CHECK(json::string_at(*parameters, "type") == "object");
    const auto* properties = json::find(*parameters, "properties");
    REQUIRE(properties);
    CHECK(json::find(*properties, "project_id"));
    for (const auto& [field, schema] : properties->items()) {
      CAPTURE(field);
      CHECK(json::find(schema, "type"));
      CHECK((json::find(schema, "description") || json::find(schema, "enum")));
    }
    const auto* required = json::find(*parameters, "required");
    REQUIRE(required);
    for (const auto& field : *required) {
      CHECK(json::find(*properties, *field.get_ptr<const std::string*>()));
    }
  }
}

TEST_CASE("tools that generate take all settings, strict lists with their values") {
  const auto body = json::parse(tools_json());
  REQUIRE(body);
  for (const auto& tool : *json::find(*body, "tools")) {
    const bool is_export = json::string_at(tool, "name") == "exportStory";
    const auto* properties = json::find(*json::find(tool, "parameters"), "properties");
    REQUIRE(properties);
    for (const auto& list : option_lists()) {
      const auto* field = json::find(*properties, list.field);
      CHECK((field != nullptr) == !is_export);
      if (!field) continue;
      const auto* values = json::find(*field, "enum");
      CHECK((values != nullptr) == !list.takes_custom);
      if (values) CHECK(values->size() == list.options.size());
    }
    for (const char* text : {"story_setting", "character_input", "plot_elements", "title",
                             "target_words", "language"}) {
      CHECK((json::find(*properties, text) != nullptr) == !is_export);
    }
    CHECK((json::find(*properties, "format") != nullptr) == is_export);
  }
}
