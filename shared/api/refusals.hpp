// The error codes that an operation can answer with.
#pragma once

#include <vector>

#include "shared/api/operation.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

// The codes that follow from the declaration (401 if a caller is required, 404 and 400 for ids, 413
// and 415 for bodies, 412, ...) and those that it lists; by rising status, each once.
std::vector<ErrorCode> refusals_of(const Operation& operation);

// Sorts by rising status and removes duplicates.
void sort_codes(std::vector<ErrorCode>& codes);

}  // namespace fabula::api
