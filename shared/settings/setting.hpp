// One setting of the functions: how it is called in the environment, and what its value may be.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fabula::settings {

enum class Type : std::uint8_t {
  text,
  secret,   // never told to anybody, and in no log
  url,      // http or https
  list,     // entries between commas
  route,    // models, as provider:model,provider:model
  json,     // one JSON text
  integer,  // within bounds
};

struct Setting {
  std::string_view name;
  // Other names of it, for a value that is not in `name`; empty ones are none.
  std::array<std::string_view, 2> older_names = {};
  Type type = Type::text;
  // Of an integer; both belong to it.
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  std::string_view normal = {};  // what counts when it is not set; empty: nothing
  std::string_view purpose = {};
};

}  // namespace fabula::settings
