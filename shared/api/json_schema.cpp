#include "shared/api/json_schema.hpp"

#include <algorithm>
#include <string>

namespace fabula::api {
namespace {

using json::Writer;

// Excludes U+0000 like Checker, in the dialect of ECMA-262 that Python and Rust share.
constexpr std::string_view kNoNulPattern = R"(^[^\u0000]*$)";
// The class is that of text::is_blank.
constexpr std::string_view kNotBlank =
    R"(^[^\u0000]*[^\u0000\t-\r \u0085\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060)"
    R"(\u3000\ufeff][^\u0000]*$)";
// Excludes the same class and the control characters.
constexpr std::string_view kEmail =
    R"(^[^@\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000)"
    R"(\ufeff]+@[^@\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f)"
    R"(\u2060\u3000\ufeff]+$)";
// Validators may ignore `format`, so there is a pattern, too.
constexpr std::string_view kUuidPattern = R"(^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$)";
constexpr std::string_view kMonth = "^2[0-9]{3}-(0[1-9]|1[0-2])$";
constexpr std::string_view kToken = "^[!-~]+$";
constexpr std::string_view kHttpUrl = R"(^https?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]*$)";

// Without the second member, generated clients would have objects without members.
constexpr std::string_view kAnyObject = R"({"type":"object","additionalProperties":true})";

std::string_view json_type(Type type) {
  switch (type) {
    case Type::integer:
      return "integer";
    case Type::number:
      return "number";
    case Type::boolean:
      return "boolean";
    case Type::object:
      return "object";
    case Type::array:
      return "array";
    default:
      return "string";
  }
}

// An e-mail address has no format: `email` forbids letters outside ASCII, and validators disagree
// about `idn-email`. The pattern defines which are accepted.
std::string_view format(Type type) {
  switch (type) {
    case Type::uuid:
      return "uuid";
    case Type::timestamp:
      return "date-time";
    default:
      return {};
  }
}

std::string_view pattern(const Field& field) {
  if (field.type == Type::uuid) return kUuidPattern;
  if (field.type == Type::email) return kEmail;
  if (field.type == Type::url) return kHttpUrl;
  if (field.type == Type::month) return kMonth;
  if (field.type == Type::token) return kToken;
  if (field.type != Type::text || !field.choices.empty()) return {};
  return field.is_not_blank && field.unless.empty() ? kNotBlank : kNoNulPattern;
}

void write_items(Writer& writer, const Field& field, SchemaUse use);

// The text's limit is in bytes, the array's in items.
void write_text_or_array(Writer& writer, const Field& field, bool takes_null, SchemaUse use) {
  writer.key("anyOf").begin_array();
  writer.begin_object().key("type").string("string");
  if (use != SchemaUse::answer) {
    if (field.maximum_bytes > 0) writer.key("maxLength").integer(field.maximum_bytes);
    writer.key("pattern").string(kNoNulPattern);
  }
  writer.end_object();
  writer.begin_object().key("type").string("array");
  write_items(writer, field, use);
  writer.end_object();
  if (takes_null) writer.begin_object().key("type").string("null").end_object();
  writer.end_array();
}

void write_type(Writer& writer, Type type, bool takes_null) {
  writer.key("type");
  if (takes_null) {
    writer.begin_array().string(json_type(type)).string("null").end_array();
  } else {
    writer.string(json_type(type));
  }
}

void write_unless_zero(Writer& writer, std::string_view key, std::int64_t value) {
  if (value != 0) writer.key(key).integer(value);
}

void write_string_limits(Writer& writer, const Field& field, bool takes_null, SchemaUse use) {
  if (const auto name = format(field.type); !name.empty()) writer.key("format").string(name);
  if (!field.choices.empty()) {
    writer.key("enum").begin_array();
    for (const auto choice : field.choices) writer.string(choice);
    if (takes_null) writer.null();
    writer.end_array();
  }
  if (use == SchemaUse::answer) return;
  const bool says_something = field.is_not_blank && field.unless.empty();
  write_unless_zero(writer, "minLength", says_something ? 1 : field.minimum);
  // A text of this many bytes cannot have more characters.
  write_unless_zero(writer, "maxLength", field.maximum > 0 ? field.maximum : field.maximum_bytes);
  if (const auto text = pattern(field); !text.empty()) writer.key("pattern").string(text);
}

void write_items(Writer& writer, const Field& field, SchemaUse use) {
  writer.key("items");
  if (field.schema) {
    write_schema_reference(writer, *field.schema);
  } else if (field.item == Type::object) {
    writer.raw(kAnyObject);
  } else {
    writer.begin_object();
    write_type(writer, field.item, false);
    if (const auto name = format(field.item); !name.empty()) writer.key("format").string(name);
    if (use != SchemaUse::answer) {
      if (field.item == Type::text) writer.key("pattern").string(kNoNulPattern);
      if (field.item == Type::uuid) writer.key("pattern").string(kUuidPattern);
    }
    writer.end_object();
  }
  write_unless_zero(writer, "minItems", field.minimum);
  write_unless_zero(writer, "maxItems", field.maximum);
}

void write_limits(Writer& writer, const Field& field, bool takes_null, SchemaUse use) {
  switch (field.type) {
    case Type::integer:
    case Type::number:
      writer.key("minimum").integer(field.minimum);
      write_unless_zero(writer, "maximum", field.maximum);
      return;
    case Type::array:
      return write_items(writer, field, use);
    case Type::object:
      writer.key("additionalProperties").boolean(true);
      return;
    case Type::boolean:
      return;
    default:
      return write_string_limits(writer, field, takes_null, use);
  }
}

// Either the text is not blank, or the array that can replace it has items.
void write_alternatives(Writer& writer, const Field& field) {
  const auto begin = [&](std::string_view name) {
    writer.begin_object().key("required").begin_array().string(name).end_array();
    writer.key("properties").begin_object().key(name).begin_object();
  };
  writer.key("anyOf").begin_array();
  begin(field.name);
  writer.key("type").string("string").key("pattern").string(kNotBlank);
  writer.end_object().end_object().end_object();
  begin(field.unless);
  writer.key("type").string("array").key("minItems").integer(1);
  writer.end_object().end_object().end_object();
  writer.end_array();
}

void write_described_reference(Writer& writer, const Schema& schema, bool takes_null) {
  const std::string reference = "#/components/schemas/" + std::string(schema.name);
  if (!takes_null) {
    writer.key("$ref").string(reference);
    return;
  }
  writer.key("anyOf").begin_array();
  writer.begin_object().key("$ref").string(reference).end_object();
  writer.begin_object().key("type").string("null").end_object();
  writer.end_array();
}

// The documented form, or any other object.
void write_open_reference(Writer& writer, const Schema& schema, bool takes_null) {
  writer.key("anyOf").begin_array();
  write_schema_reference(writer, schema);
  writer.raw(kAnyObject);
  if (takes_null) writer.begin_object().key("type").string("null").end_object();
  writer.end_array();
}

void write_description(Writer& writer, const Field& field, SchemaUse use) {
  std::string text(field.description);
  // Generated clients would require fields that have a `default`.
  if (use != SchemaUse::parameter && !field.default_json.empty()) {
    text.append(" Without it: `").append(field.default_json).append("`.");
  }
  if (field.maximum_bytes > 0) {
    text += " At most ";
    json::append_integer(text, field.maximum_bytes);
    text += " bytes of UTF-8.";
  }
  writer.key("description").string(text);
}

void collect(std::vector<NamedSchema>& schemas, const Schema* schema, SchemaUse use) {
  if (!schema) return;
  const bool is_known = std::any_of(schemas.begin(), schemas.end(), [&](const NamedSchema& named) {
    return named.schema->name == schema->name;
  });
  if (is_known) return;
  schemas.push_back({schema, use});
  for (const auto& field : schema->fields) collect(schemas, field.schema, use);
  for (const auto* alternative : schema->alternatives) collect(schemas, alternative, use);
}

void write_alternatives(Writer& writer, const Schema& schema) {
  writer.begin_object().key("description").string(schema.description);
  writer.key("anyOf").begin_array();
  for (const auto* alternative : schema.alternatives) write_schema_reference(writer, *alternative);
  writer.end_array().end_object();
}

}  // namespace

void write_field_schema(Writer& writer, const Field& field, SchemaUse use) {
  const bool takes_null = field.is_nullable ||
                          (use == SchemaUse::body && (!field.is_required || !field.unless.empty()));
  writer.begin_object();
  if (field.type == Type::object && field.schema && field.is_open) {
    write_open_reference(writer, *field.schema, takes_null);
  } else if (field.type == Type::object && field.schema) {
    write_described_reference(writer, *field.schema, takes_null);
  } else if (field.type == Type::text_or_array) {
    write_text_or_array(writer, field, takes_null, use);
  } else {
    write_type(writer, field.type, takes_null);
    write_limits(writer, field, takes_null, use);
  }
  if (use == SchemaUse::parameter) {
    if (!field.default_json.empty()) writer.key("default").raw(field.default_json);
  } else {
    write_description(writer, field, use);
  }
  writer.end_object();
}

void write_schema_reference(Writer& writer, const Schema& schema) {
  writer.begin_object();
  write_described_reference(writer, schema, false);
  writer.end_object();
}

void collect_schemas(std::vector<NamedSchema>& schemas, const Operation& operation) {
  collect(schemas, operation.body, SchemaUse::body);
  collect(schemas, operation.answer.schema, SchemaUse::answer);
  collect(schemas, operation.answer.pending, SchemaUse::answer);
  collect(schemas, operation.answer.event, SchemaUse::answer);
}

void write_object_schema(Writer& writer, const NamedSchema& named) {
  const auto& [schema, use] = named;
  if (!schema->alternatives.empty()) return write_alternatives(writer, *schema);
  writer.begin_object().key("type").string("object");
  writer.key("description").string(schema->description);
  writer.key("properties").begin_object();
  for (const auto& field : schema->fields) {
    writer.key(field.name);
    write_field_schema(writer, field, use);
  }
  writer.end_object();
  if (!schema->further_json.empty()) {
    writer.key("additionalProperties").raw(schema->further_json);
  }
  const auto is_required = [](const Field& field) {
    return field.is_required && field.unless.empty();
  };
  if (std::any_of(schema->fields.begin(), schema->fields.end(), is_required)) {
    writer.key("required").begin_array();
    for (const auto& field : schema->fields) {
      if (is_required(field)) writer.string(field.name);
    }
    writer.end_array();
  }
  for (const auto& field : schema->fields) {
    if (!field.unless.empty()) write_alternatives(writer, field);
  }
  writer.end_object();
}

}  // namespace fabula::api
