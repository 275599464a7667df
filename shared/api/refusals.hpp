// With which error codes an operation can answer.
#pragma once

#include <vector>

#include "shared/api/operation.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

// Those that follow from the declaration (401 where somebody must be known, 404 and 400 of ids, 413
// and 415 of bodies, 412, ...) and those that it lists; by rising status, each once.
std::vector<ErrorCode> refusals_of(const Operation& operation);

// By rising status, each once.
void sort_codes(std::vector<ErrorCode>& codes);

}  // namespace fabula::api
