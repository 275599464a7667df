// The members of a stream's events that have a name: `event` and `data`, as server-sent events have
// them.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

constexpr Field event_name(const std::array<std::string_view, 1>& name) {
  return {
      .name = "event", .description = "The event's name.", .is_required = true, .choices = name};
}

constexpr Field event_data(const Schema& schema) {
  return {.name = "data",
          .type = Type::object,
          .description = "The event's data, read as JSON.",
          .is_required = true,
          .schema = &schema};
}

}  // namespace fabula::api
