// Rules that hold for every operation of the API document, also for those that come later.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/openapi.hpp"
#include "shared/json/document.hpp"
#include "shared/text/ascii.hpp"
#include "tests/unit/api_document.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

json::Document responses_of(const api::Operation& operation) {
  return at(api_document(), {"paths", std::string(operation.pattern),
                             text::to_lower(operation.method), "responses"});
}

void each_operation(const std::function<void(const api::Operation&)>& visit) {
  for (const auto& group : api::kGroups) {
    for (const auto& operation : group.operations) visit(operation);
  }
}

std::vector<std::string_view> placeholders_of(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (auto begin = pattern.find('{'); begin != pattern.npos; begin = pattern.find('{', begin)) {
    const auto end = pattern.find('}', begin);
    names.push_back(pattern.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  return names;
}

// `/stories/{}` of `/stories/{story_id}`: an answer may call an id otherwise than a path does.
std::string shape_of(std::string_view pattern) {
  std::string shape;
  bool is_name = false;
  for (const char c : pattern) {
    if (c == '}') is_name = false;
    if (!is_name) shape += c;
    if (c == '{') is_name = true;
  }
  return shape;
}

bool has_field(const api::Schema* schema, std::string_view name) {
  return schema && std::any_of(schema->fields.begin(), schema->fields.end(),
                               [name](const api::Field& field) { return field.name == name; });
}

bool is_at(std::string_view name) {
  return name == "at" || name == "timestamp" || name.ends_with("_at") || name.ends_with("_time");
}

// Calls `visit` with each schema within this one, and where it is: `Session.title`, `Session[]`.
void each_schema(const json::Document& schema, const std::string& place,
                 const std::function<void(const std::string&, const json::Document&)>& visit) {
  if (!schema.is_object()) return;
  visit(place, schema);
  if (const auto* properties = json::find(schema, "properties")) {
    for (const auto& [name, property] : properties->items()) {
      each_schema(property, place + "." + name, visit);
    }
  }
  for (const auto* member : {"items", "additionalProperties"}) {
    if (const auto* inner = json::find(schema, member)) each_schema(*inner, place + "[]", visit);
  }
  for (const auto* member : {"anyOf", "oneOf", "allOf"}) {
    const auto* choices = json::find(schema, member);
    if (!choices) continue;
    for (const auto& choice : *choices) each_schema(choice, place, visit);
  }
}

void each_named_schema(
    const std::function<void(const std::string&, const json::Document&)>& visit) {
  const auto schemas = at(api_document(), {"components", "schemas"});
  for (const auto& [name, schema] : schemas.items()) each_schema(schema, name, visit);
}

bool is_type(const json::Document& schema, std::string_view type) {
  const auto* told = json::find(schema, "type");
  if (!told) return false;
  if (told->is_array()) return std::find(told->begin(), told->end(), type) != told->end();
  return *told == type;
}

}  // namespace

TEST_CASE("what is created or goes on is told where it is, at an address that is served") {
  std::set<std::string> served;
  each_operation(
      [&](const api::Operation& operation) { served.insert(shape_of(operation.pattern)); });
  each_operation([&](const api::Operation& operation) {
    CAPTURE(operation.id);
    const auto& answer = operation.answer;
    const auto responses = responses_of(operation);
    for (const auto* status : {"201", "202"}) {
      if (!responses.contains(status)) continue;
      CAPTURE(status);
      CHECK(at(responses, {status, "headers", "location", "$ref"}) ==
            "#/components/headers/location");
      CHECK_MESSAGE(served.contains(shape_of(answer.location)), "nothing is at ", answer.location);
      const auto* told =
          std::string_view(status) == "202" && answer.pending ? answer.pending : answer.schema;
      const auto in_path = placeholders_of(operation.pattern);
      for (const auto name : placeholders_of(answer.location)) {
        const bool is_in_path = std::find(in_path.begin(), in_path.end(), name) != in_path.end();
        CHECK_MESSAGE((is_in_path || has_field(told, name)), "nothing tells ", name);
      }
    }
  });
}

TEST_CASE("an address of progress is told only where it is made whole") {
  each_operation([](const api::Operation& operation) {
    CAPTURE(operation.id);
    const auto& answer = operation.answer;
    if (has_field(answer.pending, "status_url")) CHECK_FALSE(answer.location.empty());
    if (!has_field(answer.schema, "status_url")) return;
    CHECK((answer.status == 201 || answer.status == 202));
    CHECK_FALSE(answer.location.empty());
  });
}

TEST_CASE("every time is ISO 8601") {
  std::size_t count = 0;
  each_named_schema([&](const std::string& place, const json::Document& schema) {
    const auto name = std::string_view(place).substr(place.rfind('.') + 1);
    if (place.find('.') == place.npos || !is_at(name)) return;
    CAPTURE(place);
    CHECK(is_type(schema, "string"));
    CHECK(json::string_at(schema, "format") == "date-time");
    ++count;
  });
  CHECK(count > 40);
}

TEST_CASE("every object has a form") {
  // Objects that others define, or that are accepted in any form.
  const std::set<std::string> kOpen = {
      "StoryToolParameters", "CharacterCardData.extensions", "CharacterCardData.character_book",
      "DossierRequest.snapshot_json", "DossierUpdate.snapshot_json"};
  std::set<std::string> open;
  each_named_schema([&](const std::string& place, const json::Document& schema) {
    if (!is_type(schema, "object")) return;
    const auto* properties = json::find(schema, "properties");
    const auto* further = json::find(schema, "additionalProperties");
    const bool has_form = (properties && !properties->empty()) ||
                          (further && further->is_object() && !further->empty());
    if (!has_form) open.insert(place);
  });
  CHECK(open == kOpen);
}

TEST_CASE("what has a default may be left out") {
  // Generated clients require what has `default` in a body.
  each_named_schema([](const std::string& place, const json::Document& schema) {
    CHECK_MESSAGE(!schema.contains("default"), place);
  });
  each_operation([](const api::Operation& operation) {
    CAPTURE(operation.id);
    for (const auto* schema : {operation.query, operation.body}) {
      if (!schema) continue;
      for (const auto& field : schema->fields) {
        CHECK_MESSAGE((field.default_json.empty() || !field.is_required), field.name);
      }
    }
  });
}

TEST_CASE("every change tells that its precondition may fail") {
  each_operation([](const api::Operation& operation) {
    if (operation.method == "GET") return;
    CAPTURE(operation.id);
    const auto responses = responses_of(operation);
    CHECK(responses.contains("412"));
  });
}
