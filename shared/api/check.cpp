#include "shared/api/check.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/api/checker.hpp"
#include "shared/api/expectation.hpp"
#include "shared/api/faults.hpp"
#include "shared/api/path_parameter.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::api {
namespace {

// Converts a parameter's text to the JSON value of its type, or else to a string.
json::Document parameter_value(std::string_view text, Type type) {
  if (type == Type::integer) {
    if (const auto number = text::parse_integer(text)) return *number;
  }
  if (type == Type::boolean && (text == "true" || text == "false")) return text == "true";
  return text;
}

// False when the text does not fit the field's type.
bool append_path_value(std::string& json, const Field& field, std::string_view value) {
  if (field.type == Type::integer) {
    const auto number = text::parse_integer(value);
    if (!number || !is_within_limits(*number, field)) return false;
    text::append_integer(json, *number);
    return true;
  }
  std::optional<std::string> id(value);
  if (field.type == Type::uuid) id = text::normalize_uuid(value);
  if (!id || (field.type != Type::uuid && !takes_text(field, *id))) return false;
  json::append_string(json, *id);
  return true;
}

}  // namespace

Result<std::string> check_body(const json::Document& body, const Schema& schema) {
  Checker checker;
  if (body.is_object()) {
    checker.object(body, schema);
  } else {
    checker.fault("", "Send a JSON object.");
  }
  return std::move(checker).finish("body");
}

Result<std::string> check_query(const http::Url& url, const Schema& schema) {
  Checker checker;
  checker.writer().begin_object();
  for (const auto& field : schema.fields) {
    json::Document value;
    std::size_t count = 0;
    for (const auto& parameter : url.query) {
      if (parameter.name != field.name) continue;
      if (count == 0) value = parameter_value(parameter.value, field.type);
      ++count;
    }
    if (count > 1) {
      checker.fault(field.name, "Send this parameter once.");
    } else {
      checker.member(count == 0 ? nullptr : &value, field);
    }
  }
  checker.writer().end_object();
  return std::move(checker).finish("query");
}

Result<void> append_path_ids(std::string& members, const std::vector<http::Capture>& captures) {
  Faults faults;
  for (const auto& capture : captures) {
    const Field field = path_parameter(capture.name);
    json::append_string(members, capture.name);
    members += ':';
    if (!append_path_value(members, field, capture.value)) {
      faults.add(capture.name, expectation(field), FaultKind::id_spelling);
    }
    members += ',';
  }
  if (!faults.empty()) return tl::unexpected(std::move(faults).problem("path"));
  return {};
}

Result<json::Document> path_ids(const std::vector<http::Capture>& captures) {
  std::string text = "{";
  if (auto ids = append_path_ids(text, captures); !ids) return tl::unexpected(ids.error());
  if (text.back() == ',') text.pop_back();
  return json::parse(text.append("}"));
}

}  // namespace fabula::api
