#include "shared/story/route.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace fabula::story {
namespace {

// In the order of Route.
constexpr auto kNames = std::to_array<std::string_view>(
    {"premise", "outline", "refine", "start", "continue", "full", "ideas", "setup", "scene"});

}  // namespace

std::string_view name(Route route) { return kNames[static_cast<std::size_t>(route)]; }

std::optional<Route> route_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Route>(found - kNames.begin());
}

}  // namespace fabula::story
