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
                                      std::int64_t saves = SaveSchedule::kUnlimited) {
  SaveSchedule schedule(0, saves);
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

TEST_CASE("text is saved every second, however long the reply is") {
  CHECK(saves_until(5'000, true) == std::vector<std::int64_t>{900, 1800, 2700, 3600, 4500});
  CHECK(saves_until(600'000, true).size() == 666);
}

TEST_CASE("a silent model is reported alive every 4 seconds, and not before 4") {
  CHECK(saves_until(16'000, false) == std::vector<std::int64_t>{4000, 8000, 12'000, 16'000});
}

TEST_CASE("half of a platform's requests are spent each second, the rest every 5 seconds") {
  CHECK(saves_until(18'000, true, 6) ==
        std::vector<std::int64_t>{900, 1800, 2700, 7700, 12'700, 17'700});
  CHECK(saves_until(11'000, true, 0) == std::vector<std::int64_t>{900, 5900, 10'900});
  // Then a beat is no more frequent than a save.
  CHECK(saves_until(16'000, false, 0) == std::vector<std::int64_t>{5000, 10'000, 15'000});
}

TEST_CASE("text that comes after a silence is saved within a second") {
  SaveSchedule schedule(0);
  CHECK_FALSE(schedule.is_due(1000, false));
  CHECK(schedule.due_ms() == 1900);
  CHECK(schedule.is_due(2000, true));
  schedule.saved(2000);
  CHECK_FALSE(schedule.is_due(3000, false));
  CHECK_FALSE(schedule.is_due(4000, false));
  CHECK(schedule.due_ms() <= 5000);
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
