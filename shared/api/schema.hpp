// Declarations of what requests and answers look like. One constant table checks a request's body
// or query, names each fault's path, and is told to the world as OpenAPI 3.1 (JSON Schema 2020-12).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fabula::api {

enum class Type : std::uint8_t {
  text,       // a JSON string
  uuid,       // a string; taken in any case, passed on in lower case
  email,      // a string with an @ inside
  url,        // a string: an absolute http or https URL
  token,      // a string of visible ASCII characters, as headers can carry it
  timestamp,  // a string: ISO 8601 in UTC; in answers only
  integer,
  number,  // a JSON number, such as 0.7; `minimum` and `maximum` are its bounds
  boolean,
  object,         // of `schema`, or of anything when there is none
  array,          // of `schema` or of `item`
  text_or_array,  // a string, or an array of `schema`
};

struct Schema;

struct Field {
  std::string_view name;
  Type type = Type::text;
  std::string_view description = {};
  bool is_required = false;
  // Null is a value of its own; else null in a request is the same as absent.
  bool is_nullable = false;
  // Of an integer its value, of a text its characters (code points), of an array its items. Without
  // a maximum (0) there is none.
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  // A text's UTF-8 bytes; 0: no limit.
  std::int64_t maximum_bytes = 0;
  // A text that must hold more than white space.
  bool is_not_blank = false;
  // Of a required text: an array of the same object. While it has items, the text may be absent,
  // null or blank, and is then left out.
  std::string_view unless = {};
  // The only texts allowed; empty: any.
  std::span<const std::string_view> choices = {};
  // Of an object, or of an array's objects.
  const Schema* schema = nullptr;
  // Of an array without `schema`.
  Type item = Type::text;
  // What holds when the field is absent, as JSON text; told, not filled in.
  std::string_view default_json = {};
  // Of an object in a request: `schema` is only told. The endpoint checks what is sent, and takes
  // other forms of it too.
  bool is_open = false;
};

struct Schema {
  std::string_view name;  // in OpenAPI's components, such as "Session"
  std::string_view description;
  std::span<const Field> fields;
  // What members besides those are, as JSON Schema; empty: nothing is told of any.
  std::string_view further_json = {};
  // Instead of fields: it is one of these. In answers only.
  std::span<const Schema* const> alternatives = {};
};

}  // namespace fabula::api
