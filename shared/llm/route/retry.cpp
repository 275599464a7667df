#include "shared/llm/route/retry.hpp"

namespace fabula::llm {
namespace {

constexpr int kTriesPerModel = 2;
constexpr int kLongestRetryAfterSeconds = 10;
constexpr std::int64_t kShortestPauseMs = 250;
constexpr std::uint32_t kPauseSpreadMs = 500;

bool may_pass(const Problem& failure) {
  return facts(failure.code).retryable && failure.code != ErrorCode::provider_timeout &&
         failure.retry_after_s <= kLongestRetryAfterSeconds;
}

}  // namespace

std::optional<std::int64_t> RetryPlan::wait_after(const Problem& failure, std::int64_t left_ms,
                                                  std::uint32_t random) {
  const auto pause_ms =
      failure.retry_after_s * std::int64_t{1000} + kShortestPauseMs + random % kPauseSpreadMs;
  if (may_pass(failure) && tries_ < kTriesPerModel && pause_ms < left_ms) {
    ++tries_;
    return pause_ms;
  }
  return skip_model(left_ms);
}

std::optional<std::int64_t> RetryPlan::skip_model(std::int64_t left_ms) {
  if (model_ + 1 == models_ || left_ms <= 0) return std::nullopt;
  ++model_;
  tries_ = 1;
  return 0;
}

}  // namespace fabula::llm
