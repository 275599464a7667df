// The remaining allowance of a rate limit, as responses report it
// (draft-ietf-httpapi-ratelimit-headers-07, the version with three headers, which clients know).
#pragma once

#include <cstdint>

#include "shared/http/headers.hpp"

namespace fabula::http {

struct Allowance {
  std::int64_t limit = 0;      // how many requests at once
  std::int64_t remaining = 0;  // how many of them are left
  std::int64_t reset_s = 0;    // seconds until all of them are available again
};

// Sets RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset.
void set_allowance(Headers& headers, const Allowance& allowance);

}  // namespace fabula::http
