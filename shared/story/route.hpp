// The kinds of requests for a story: each is one endpoint that generates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fabula::story {

enum class Route : std::uint8_t {
  premise,
  outline,
  refine,        // a new outline, by feedback
  start,         // the first scene
  continuation,  // the next scene
  full,
  ideas,  // three better versions of one idea
  setup,  // all settings from one idea
  scene,  // a new version of one scene
};

// Its name in the database's functions: "premise", and "continue" for continuation.
std::string_view name(Route route);
std::optional<Route> route_named(std::string_view name);

}  // namespace fabula::story
