#include "shared/turn/hope.hpp"

namespace fabula::turn {

bool is_as_hopeful(const Problem& later, const Problem& told) {
  if (told.code == ErrorCode::time_limit) return true;
  if (later.code == ErrorCode::time_limit) return false;
  const bool may_pass = facts(later.code).retryable;
  if (may_pass != facts(told.code).retryable) return may_pass;
  // Without a known time it may pass in a moment.
  return !may_pass || later.retry_after_s <= told.retry_after_s;
}

}  // namespace fabula::turn
