// How often a caller may begin turns; the database counts them (supabase/schemas).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::turn {

// Allows a burst of `max_requests`, then one more after each `max_requests`-th part of the window.
struct RateLimit {
  std::int64_t max_requests = 0;
  std::int64_t window_s = 0;
};

// The limit of `action` in a setting such as `stream=5/60,chat=off`: 5 requests in 60 seconds, and
// no limit. Without an entry it is `normal`. A malformed setting is internal_error, because
// silently having no limit would be worse.
Result<std::optional<RateLimit>> find_rate_limit(std::string_view setting, std::string_view action,
                                                 std::optional<RateLimit> normal);

}  // namespace fabula::turn
