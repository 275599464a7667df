#include "shared/turn/failure_members.hpp"

#include <cstdint>

namespace fabula::turn {

void write_failure_members(json::Writer& writer, const event::Failed& failed) {
  constexpr std::int64_t kMillisecondsPerSecond = 1000;
  if (failed.problem.retry_after_s > 0) {
    writer.key("retry_after_ms").integer(failed.problem.retry_after_s * kMillisecondsPerSecond);
  }
  if (failed.stored_bytes) {
    writer.key("stored_bytes").integer(static_cast<std::int64_t>(*failed.stored_bytes));
  }
  if (!failed.user_message_id.empty()) {
    writer.key("user_message_id").string(failed.user_message_id);
  }
}

}  // namespace fabula::turn
