// When the text of a running reply is saved: often enough that each second's text is stored within
// a second (design section 5), so that a process that dies loses no more; and every 5 seconds after
// so many saves that the platform's limit of subrequests is near. While the model is silent a save
// without text is sent as a heartbeat, every 4 seconds.
#pragma once

#include <cstdint>

namespace fabula::turn {

class SaveSchedule {
 public:
  // A tenth of a second remains for a save's way into the database.
  static constexpr std::int64_t kGapMs = 900;
  static constexpr std::int64_t kLongestGapMs = 5000;
  // The database considers a writer dead after 14 seconds of silence (private.is_silent).
  static constexpr std::int64_t kBeatMs = 4000;
  static constexpr std::int64_t kUnlimited = INT64_MAX;

  // `saves`: how many saves may be made; the first half of them at the short interval.
  explicit SaveSchedule(std::int64_t now_ms, std::int64_t saves = kUnlimited)
      : last_ms_(now_ms), due_ms_(now_ms + kGapMs), frequent_saves_left_(saves / 2) {}

  // When to call `is_due` next.
  std::int64_t due_ms() const { return due_ms_; }

  // Whether to save now. If not, this moves `due_ms` on: there was nothing to save yet.
  bool is_due(std::int64_t now_ms, bool has_unsaved_text);

  // Notes that a save began at `now_ms`.
  void saved(std::int64_t now_ms);

 private:
  std::int64_t gap_ms() const { return frequent_saves_left_ > 0 ? kGapMs : kLongestGapMs; }

  std::int64_t last_ms_;
  std::int64_t due_ms_;
  std::int64_t frequent_saves_left_;
};

}  // namespace fabula::turn
