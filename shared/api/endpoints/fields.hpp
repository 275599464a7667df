// Fields and texts that several endpoints share.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// Limits of the database's tables (supabase/schemas).
inline constexpr std::int64_t kMaximumNameCharacters = 200;
inline constexpr std::int64_t kMaximumPageItems = 100;
inline constexpr std::int64_t kMaximumOffset = 1'000'000;

inline constexpr std::array<std::string_view, 4> kSessionKinds{"chat", "relay", "companion",
                                                               "realtime"};
inline constexpr std::array<std::string_view, 5> kProjectPhases{"setup", "premise", "outline",
                                                                "writing", "export"};
inline constexpr std::array<std::string_view, 3> kProjectStatuses{"active", "completed",
                                                                  "archived"};
inline constexpr std::array<std::string_view, 2> kDirections{"asc", "desc"};

constexpr Field limit_field(std::string_view default_json) {
  return {.name = "limit",
          .type = Type::integer,
          .description = "How many items a page holds.",
          .minimum = 1,
          .maximum = kMaximumPageItems,
          .default_json = default_json};
}

inline constexpr Field kOffsetField{.name = "offset",
                                    .type = Type::integer,
                                    .description = "How many items come before the page.",
                                    .maximum = kMaximumOffset,
                                    .default_json = "0"};

}  // namespace fabula::api
