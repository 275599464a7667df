#include "shared/turn/save_schedule.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "shared/turn/reply_text.hpp"

using fabula::turn::ReplyText;
using fabula::turn::SaveSchedule;

namespace {

// Asks whenever the schedule says so and notes the moments at which it wants a save.
std::vector<std::int64_t> saves_until(std::int64_t end_ms, bool has_text,
                                      std::int64_t longest_gap_ms = SaveSchedule::kLongestGapMs) {
  SaveSchedule schedule(0, longest_gap_ms);
  std::vector<std::int64_t> moments;
  while (schedule.due_ms() <= end_ms) {
    const auto now_ms = schedule.due_ms();
    if (!schedule.is_due(now_ms, has_text)) continue;
    moments.push_back(now_ms);
    schedule.saved(now_ms);
  }
  return moments;
}

}  // namespace

TEST_CASE("text is saved after gaps of 1, 2, 4 and then 5 seconds") {
  CHECK(saves_until(18'000, true) == std::vector<std::int64_t>{1000, 3000, 7000, 12'000, 17'000});
}

TEST_CASE("a silent model is reported alive every 5 seconds, and not before 5") {
  CHECK(saves_until(16'000, false) == std::vector<std::int64_t>{5000, 10'000, 15'000});
}

TEST_CASE("what others read along is saved every second, and is still reported alive every 5") {
  constexpr auto kGapMs = SaveSchedule::kFirstGapMs;
  CHECK(saves_until(5'000, true, kGapMs) ==
        std::vector<std::int64_t>{1000, 2000, 3000, 4000, 5000});
  CHECK(saves_until(16'000, false, kGapMs) == std::vector<std::int64_t>{5000, 10'000, 15'000});
  SaveSchedule schedule(0, kGapMs);
  CHECK_FALSE(schedule.is_due(1000, false));
  CHECK(schedule.due_ms() == 2000);
}

TEST_CASE("text that comes after a silence is saved within 5 seconds") {
  SaveSchedule schedule(0);
  CHECK_FALSE(schedule.is_due(1000, false));
  CHECK(schedule.due_ms() <= 5000);
  CHECK(schedule.is_due(schedule.due_ms(), true));
}

TEST_CASE("a reply forgets what is saved and keeps its offsets") {
  ReplyText reply;
  reply.append("Once upon ");
  reply.append("a time");
  CHECK(reply.size_bytes() == 16);
  reply.mark_saved(10);
  CHECK(reply.unsaved() == "a time");
  CHECK(reply.saved_bytes() == 10);
  reply.mark_saved(4);   // late
  reply.mark_saved(17);  // impossible
  CHECK(reply.unsaved() == "a time");
  CHECK(reply.size_bytes() == 16);
}
