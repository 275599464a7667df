// Times as text.
#pragma once

#include <cstdint>
#include <string>

namespace fabula::text {

// ISO 8601 in UTC with milliseconds, "2026-11-21T07:31:00.123Z", from milliseconds since 1970.
// Times outside the years 0000 to 9999 become the first or last moment of that range.
std::string format_timestamp(std::int64_t time_ms);

}  // namespace fabula::text
