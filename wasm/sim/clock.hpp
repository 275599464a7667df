// Simulated time: nothing happens between events, so hours pass in microseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace fabula::sim {

class Clock {
 public:
  std::int64_t now_ms() const { return now_ms_; }

  // Runs `action` after `delay_ms`; actions at one moment run in the order of the calls.
  void after(std::int64_t delay_ms, std::function<void()> action) {
    events_.emplace(std::pair(now_ms_ + delay_ms, ++sequence_), std::move(action));
  }

  bool is_idle() const { return events_.empty(); }

  // Moves to the next event and runs it.
  void step() {
    auto next = events_.extract(events_.begin());
    now_ms_ = next.key().first;
    next.mapped()();
  }

  // Runs everything up to `end_ms`, and stops the clock there.
  void run_until(std::int64_t end_ms) {
    while (!events_.empty() && events_.begin()->first.first <= end_ms) step();
    if (now_ms_ < end_ms) now_ms_ = end_ms;
  }

 private:
  static constexpr std::int64_t kStartMs = 1'795'000'000'000;  // a day in November 2026
  std::int64_t now_ms_ = kStartMs;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace fabula::sim
