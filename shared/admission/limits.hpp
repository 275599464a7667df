// The setting FABULA_LIMITS: how much a caller, a network and the deployment may begin and spend.
// The database has the normal limits and counts (supabase/schemas/admission).
#pragma once

#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::admission {

// Checks a setting such as `{"guest": {"requests": 30}, "deployment": {"tokens_a_day": 5000000}}`:
// limits by scope and name (README.md), each a natural number of at most 10^15. Returns it as JSON,
// empty when the setting is empty. A fault is internal_error, because silently having other limits
// would be worse.
Result<std::string> check_limits(std::string_view setting);

}  // namespace fabula::admission
