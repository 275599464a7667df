// What the placeholders of paths stand for.
#pragma once

#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// Longer than any id that clients make up. It is told in a header too.
inline constexpr std::int64_t kMaximumStreamIdCharacters = 128;

// The type of `{name}`: a stream's id is the caller's own text, a bot's a number, all others UUIDs.
constexpr Field path_parameter(std::string_view name) {
  if (name == "stream_id") {
    return {.name = name, .type = Type::token, .minimum = 1, .maximum = kMaximumStreamIdCharacters};
  }
  if (name == "bot_id") {
    constexpr std::int64_t kLargestExactNumber = (std::int64_t{1} << 53) - 1;
    return {.name = name, .type = Type::integer, .minimum = 1, .maximum = kLargestExactNumber};
  }
  return {.name = name, .type = Type::uuid};
}

}  // namespace fabula::api
