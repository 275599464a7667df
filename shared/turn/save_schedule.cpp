#include "shared/turn/save_schedule.hpp"

#include <algorithm>

namespace fabula::turn {

bool SaveSchedule::is_due(std::int64_t now_ms, bool has_unsaved_text) {
  if (now_ms < due_ms_) return false;
  const auto beat_ms = std::max(kBeatMs, gap_ms());
  if (has_unsaved_text || now_ms - last_ms_ >= beat_ms) return true;
  // Silence: check again after the next interval, at the latest when a heartbeat is due.
  due_ms_ = std::min(now_ms + gap_ms(), last_ms_ + beat_ms);
  return false;
}

void SaveSchedule::saved(std::int64_t now_ms) {
  if (frequent_saves_left_ > 0) --frequent_saves_left_;
  last_ms_ = now_ms;
  due_ms_ = now_ms + gap_ms();
}

}  // namespace fabula::turn
