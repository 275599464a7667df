#include "shared/api/check.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/api/checker.hpp"
#include "shared/api/expectation.hpp"
#include "shared/api/faults.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::api {
namespace {

// A parameter's text as the value that its type asks for, else as a string.
json::Document parameter_value(std::string_view text, Type type) {
  if (type == Type::integer) {
    if (const auto number = text::parse_integer(text)) return *number;
  }
  if (type == Type::boolean && (text == "true" || text == "false")) return text == "true";
  return text;
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
  constexpr std::string_view kIdSuffix = "_id";
  Field id;
  id.type = Type::uuid;
  Faults faults;
  for (const auto& capture : captures) {
    auto value = std::optional(capture.value);
    if (capture.name.ends_with(kIdSuffix)) value = text::normalize_uuid(capture.value);
    if (!value) {
      faults.add(capture.name, expectation(id), FaultKind::id_spelling);
      continue;
    }
    json::append_string(members, capture.name);
    members += ':';
    json::append_string(members, *value);
    members += ',';
  }
  if (!faults.empty()) return tl::unexpected(std::move(faults).problem("path"));
  return {};
}

}  // namespace fabula::api
