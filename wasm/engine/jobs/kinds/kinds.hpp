// All kinds of work, for whoever does it: functions/tasks, and requests that wait for a job.
#pragma once

#include <string_view>

#include "wasm/engine/jobs/kind.hpp"

namespace fabula::engine {

// In the order in which they are done where nobody has waited longer: people wait for what was said
// just now.
JobKinds job_kinds();

// The kind of this name alone; empty when there is none.
JobKinds job_kind_named(std::string_view name);

}  // namespace fabula::engine
