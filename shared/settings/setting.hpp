// One setting of the functions: its names in the environment and its valid values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fabula::settings {

enum class Type : std::uint8_t {
  text,
  secret,   // never shown or logged
  url,      // http or https
  list,     // entries separated by commas
  route,    // models, as provider:model,provider:model
  json,     // one JSON text
  integer,  // within bounds
};

struct Setting {
  std::string_view name;
  // Alternative names, read when `name` is not set; unused places are empty.
  std::array<std::string_view, 2> older_names = {};
  Type type = Type::text;
  // The bounds of an integer, inclusive.
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  // The most bytes of a text; 0: no limit.
  std::size_t maximum_bytes = 0;
  std::string_view normal = {};  // the default; empty: none
  std::string_view purpose = {};
};

}  // namespace fabula::settings
