// Declarations of requests and answers. One constant table checks a request's body or query, names
// the path of each fault, and is published as OpenAPI 3.1 (JSON Schema 2020-12).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fabula::api {

enum class Type : std::uint8_t {
  text,       // a JSON string
  uuid,       // a string; accepted in any case, passed on in lower case
  email,      // a string that contains an @
  url,        // a string: an absolute http or https URL
  token,      // a string of visible ASCII characters, as headers can carry it
  timestamp,  // a string: ISO 8601 in UTC; in answers only
  month,      // a string: a year of four digits and a month, such as 2026-11
  integer,
  number,  // a JSON number, such as 0.7; `minimum` and `maximum` are its bounds
  boolean,
  object,         // an object of `schema`, or any object without one
  array,          // an array of `schema` or of `item`
  text_or_array,  // a string, or an array of `schema`
};

struct Schema;

struct Field {
  std::string_view name;
  Type type = Type::text;
  std::string_view description = {};
  bool is_required = false;
  // Null is a value; otherwise null in a request means the same as absent.
  bool is_nullable = false;
  // Limits of an integer's value, of a text's characters (code points), or of an array's items. A
  // maximum of 0 means no maximum.
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  // The most UTF-8 bytes of a text; 0: no limit.
  std::int64_t maximum_bytes = 0;
  // The text must contain more than white space.
  bool is_not_blank = false;
  // The name of an array in the same object that can replace this required text: while the array
  // has items, the text may be absent, null or blank, and is then left out.
  std::string_view unless = {};
  // The only texts that are allowed; empty: any.
  std::span<const std::string_view> choices = {};
  // The schema of an object, or of an array's objects.
  const Schema* schema = nullptr;
  // The type of an array's items if there is no `schema`.
  Type item = Type::text;
  // The value that applies when the field is absent, as JSON text; documented, not filled in.
  std::string_view default_json = {};
  // For an object in a request: `schema` is only documented. The endpoint checks the value and
  // accepts other forms of it too.
  bool is_open = false;
};

struct Schema {
  std::string_view name;  // the name in OpenAPI's components, such as "Session"
  std::string_view description;
  std::span<const Field> fields;
  // The JSON Schema of members besides these fields; empty: it is not documented.
  std::string_view further_json = {};
  // The object has one of these schemas instead of `fields`. In answers only.
  std::span<const Schema* const> alternatives = {};
};

}  // namespace fabula::api
