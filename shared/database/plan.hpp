// The database's functions for plans: the monthly limits of users, and their usage.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

inline constexpr Declaration kReadUsage{"read_usage", kOnceMore};

// For the operator: without a principal.
inline constexpr Declaration kListPlans{"list_plans", kOnceMore};
inline constexpr Declaration kSavePlan{"save_plan", kNever};
inline constexpr Declaration kDeletePlan{"delete_plan", kNever};
inline constexpr Declaration kSetPlan{"set_plan", kOnceMore};

}  // namespace fabula::database
