// The database's cleaner (supabase/schemas/cleaning/clean.sql).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/database/function.hpp"

namespace fabula::database {

// Cleans one batch.
struct Clean {
  std::int64_t deleted_days = 0;  // how long what is deleted stays before it is erased
};

struct Cleaned {
  bool is_left = false;  // another call is due
};

void write_clean(std::string& out, const Clean& request);
std::optional<Cleaned> read_cleaned(std::string answer);

inline constexpr Function<Clean, Cleaned> kClean{{"clean", kOnceMore}, &write_clean, &read_cleaned};

}  // namespace fabula::database
