// The next model to ask, and how soon, when a model has failed before any of its answer was sent.
// After that no request is repeated: a second answer would begin in the middle of the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/result/result.hpp"

namespace fabula::llm {

// A failure that may pass is retried once with the same model, after a pause or the time that the
// provider asks for, up to 10 seconds. A failure that is not retryable, one that asks for a longer
// pause, and a silence, which has cost the reader enough time, lead to the next model at once.
class RetryPlan {
 public:
  // `models`: how many the route has, at least 1. `first`: the index of the first one to ask.
  explicit RetryPlan(std::size_t models, std::size_t first = 0) : models_(models), model_(first) {}

  // The index in the route of the model to ask.
  std::size_t model() const { return model_; }

  // The current attempt has failed. How many milliseconds to wait before model() is asked; nothing
  // when no model is left, or none of the `left_ms` of the whole reply. `random` is any number; it
  // spreads the pauses of requests that failed at the same time.
  std::optional<std::int64_t> wait_after(const Problem& failure, std::int64_t left_ms,
                                         std::uint32_t random);

  // The model has answered, but not as required: moves to the next one, as above.
  std::optional<std::int64_t> skip_model(std::int64_t left_ms);

 private:
  std::size_t models_;
  std::size_t model_;
  int tries_ = 1;  // attempts with this model
};

}  // namespace fabula::llm
