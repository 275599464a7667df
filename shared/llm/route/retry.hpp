// Whom to ask next when a model has failed before anybody was told of its answer, and how soon.
// After that nothing is ever asked again: a second answer would begin in the middle of the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/result/result.hpp"

namespace fabula::llm {

// A failure that may pass is tried once more with the same model, after a pause or what the
// provider asks for, up to 10 seconds. One that will not pass (its code is not retryable), one that
// asks for more, and a silence, which has cost the reader enough, lead to the next model at once.
class RetryPlan {
 public:
  // `models`: how many the route has, at least 1. `first`: the place of the one that begins.
  explicit RetryPlan(std::size_t models, std::size_t first = 0) : models_(models), model_(first) {}

  // The place in the route of the model whose turn it is.
  std::size_t model() const { return model_; }

  // The attempt that was under way has failed. How many milliseconds to wait before model() is
  // asked; nothing when it is over: nobody is left, or none of the `left_ms` of the whole reply.
  // `random` is any number; it spreads the pauses of those who failed at the same time.
  std::optional<std::int64_t> wait_after(const Problem& failure, std::int64_t left_ms,
                                         std::uint32_t random);

  // The model has answered and yet not done what was asked: the next one, as above.
  std::optional<std::int64_t> skip_model(std::int64_t left_ms);

 private:
  std::size_t models_;
  std::size_t model_;
  int tries_ = 1;  // of this model
};

}  // namespace fabula::llm
