#include "shared/api/page_fields.hpp"

#include <string_view>

#include "shared/api/html.hpp"

namespace fabula::api {
namespace {

std::string_view type_words(Type type) {
  switch (type) {
    case Type::text:
      return "string";
    case Type::uuid:
      return "UUID";
    case Type::email:
      return "e-mail address";
    case Type::url:
      return "http or https URL";
    case Type::token:
      return "visible ASCII characters";
    case Type::timestamp:
      return "time";
    case Type::integer:
      return "integer";
    case Type::boolean:
      return "boolean";
    case Type::object:
      return "object";
    case Type::array:
      return "array";
  }
  return {};
}

void append_described_limits(std::string& out, const Field& field) {
  const std::string unit = field.type == Type::integer ? ""
                           : field.type == Type::array ? " items"
                                                       : " characters";
  if (field.maximum != 0 && (field.minimum != 0 || field.type == Type::integer)) {
    out += ", " + std::to_string(field.minimum) + " to " + std::to_string(field.maximum) + unit;
  } else if (field.maximum != 0) {
    out += ", at most " + std::to_string(field.maximum) + unit;
  } else if (field.minimum != 0) {
    out += ", at least " + std::to_string(field.minimum) + unit;
  }
  if (field.maximum_bytes != 0) {
    out += ", at most " + std::to_string(field.maximum_bytes) + " bytes";
  }
  if (field.is_not_blank) out += ", not blank";
}

void append_type(std::string& out, const Field& field) {
  if (field.type == Type::array) {
    out += "array of ";
    out += field.schema ? "objects" : std::string(type_words(field.item)) + "s";
  } else if (field.choices.empty()) {
    out += type_words(field.type);
  }
  std::string_view separator = "";
  for (const auto choice : field.choices) {
    out += separator;
    append_element(out, "code", choice);
    separator = " | ";
  }
  append_described_limits(out, field);
  if (field.is_nullable) out += ", or <code>null</code>";
  if (!field.default_json.empty()) {
    out += ", default ";
    append_element(out, "code", field.default_json);
  }
}

void append_rows(std::string& out, const Schema& schema, FieldsOf of, const std::string& parent) {
  for (const auto& field : schema.fields) {
    const std::string path = parent + std::string(field.name);
    out += "<tr><td>";
    append_element(out, "code", path);
    // What is usual goes without saying: a request may leave out, an answer does not.
    if (field.is_required && of == FieldsOf::request) out += " <em>required</em>";
    if (!field.is_required && of == FieldsOf::answer) out += " <em>may be absent</em>";
    out += "</td><td>";
    append_type(out, field);
    out += "</td><td>";
    append_html_with_code(out, field.description);
    out += "</td></tr>";
    if (field.schema) {
      append_rows(out, *field.schema, of, path + (field.type == Type::array ? "[]." : "."));
    }
  }
}

}  // namespace

void append_fields_table(std::string& out, const Schema& schema, FieldsOf of) {
  out +=
      "<div class=\"table\"><table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>"
      "</thead><tbody>";
  append_rows(out, schema, of, "");
  out += "</tbody></table></div>";
}

}  // namespace fabula::api
