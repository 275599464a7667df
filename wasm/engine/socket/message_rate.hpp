// How many messages a client may send: a burst, then a rate per second.
#pragma once

#include <algorithm>
#include <cstdint>

#include "wasm/engine/socket/limits.hpp"

namespace fabula::engine {

class MessageRate {
 public:
  explicit MessageRate(std::int64_t now_ms) : last_ms_(now_ms) {}

  // Counts a message; false when it exceeds the limit.
  bool take(std::int64_t now_ms) {
    constexpr std::int64_t kThousandths = 1000;
    const auto earned = (now_ms - last_ms_) * socket_limits::kMessagesPerSecond;
    left_thousandths_ =
        std::min(left_thousandths_ + earned, socket_limits::kMaximumBurstMessages * kThousandths);
    last_ms_ = now_ms;
    if (left_thousandths_ < kThousandths) return false;
    left_thousandths_ -= kThousandths;
    return true;
  }

 private:
  std::int64_t last_ms_;
  std::int64_t left_thousandths_ = socket_limits::kMaximumBurstMessages * 1000;
};

}  // namespace fabula::engine
