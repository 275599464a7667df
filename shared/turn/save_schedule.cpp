#include "shared/turn/save_schedule.hpp"

#include <algorithm>

namespace fabula::turn {

bool SaveSchedule::is_due(std::int64_t now_ms, bool has_unsaved_text) {
  if (now_ms < due_ms_) return false;
  if (has_unsaved_text || now_ms - last_ms_ >= kLongestGapMs) return true;
  // Silence: check again after the next interval, at the latest when a heartbeat is due.
  gap_ms_ = std::min(gap_ms_ * 2, longest_gap_ms_);
  due_ms_ = std::min(now_ms + gap_ms_, last_ms_ + kLongestGapMs);
  return false;
}

void SaveSchedule::saved(std::int64_t now_ms) {
  gap_ms_ = std::min(gap_ms_ * 2, longest_gap_ms_);
  last_ms_ = now_ms;
  due_ms_ = now_ms + gap_ms_;
}

}  // namespace fabula::turn
