// When the text of a running reply is saved: after intervals of 1, 2, 4 and then 5 seconds (design
// section 5), so that text is never only in memory for longer; or always after 1 second, when
// others read along. While the model is silent a save without text is made as a heartbeat, every 5
// seconds.
#pragma once

#include <cstdint>

namespace fabula::turn {

class SaveSchedule {
 public:
  static constexpr std::int64_t kFirstGapMs = 1000;
  static constexpr std::int64_t kLongestGapMs = 5000;

  explicit SaveSchedule(std::int64_t now_ms, std::int64_t longest_gap_ms = kLongestGapMs)
      : longest_gap_ms_(longest_gap_ms), last_ms_(now_ms), due_ms_(now_ms + kFirstGapMs) {}

  // When to call `is_due` next.
  std::int64_t due_ms() const { return due_ms_; }

  // Whether a save should be made now. False moves `due_ms` on: there was nothing to save yet.
  bool is_due(std::int64_t now_ms, bool has_unsaved_text);

  // A save was begun at `now_ms`.
  void saved(std::int64_t now_ms);

 private:
  std::int64_t longest_gap_ms_;
  std::int64_t gap_ms_ = kFirstGapMs;
  std::int64_t last_ms_;
  std::int64_t due_ms_;
};

}  // namespace fabula::turn
