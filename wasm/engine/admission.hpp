// Admission: what the database needs to decide whether a caller may begin something that spends.
#pragma once

#include <string>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The JSON object that goes as `admission` with the first call of everything that spends
// (supabase/schemas/admission/admit.sql): the caller's network, as an HMAC that nobody can turn
// back into an address, whether guests are served, and the limits that the settings change.
// internal_error for wrong settings.
runtime::Task<Result<std::string>> describe_admission(Call& call);

}  // namespace fabula::engine
