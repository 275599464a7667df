// What is left of a rate limit, as answers tell it (draft-ietf-httpapi-ratelimit-headers-07, the
// version with three headers, which clients know).
#pragma once

#include <cstdint>

#include "shared/http/headers.hpp"

namespace fabula::http {

struct Allowance {
  std::int64_t limit = 0;      // how many at once
  std::int64_t remaining = 0;  // how many of them are left
  std::int64_t reset_s = 0;    // after how many seconds all of them are there again
};

// Sets RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset.
void set_allowance(Headers& headers, const Allowance& allowance);

}  // namespace fabula::http
