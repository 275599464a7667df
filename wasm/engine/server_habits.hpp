// The parts of requests that models' servers are known to refuse: learnt from their refusals, and
// kept for later requests of this isolate.
#pragma once

#include <cstddef>
#include <vector>

#include "shared/llm/request/refused_parts.hpp"
#include "shared/llm/route/route.hpp"
#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"

namespace fabula::engine {

class ServerHabits {
 public:
  // Both must outlive it.
  ServerHabits(runtime::Context& context, const std::vector<llm::Endpoint>& endpoints);

  // The parts that the server refuses for the model with this index in the route.
  llm::RefusedParts refused(std::size_t model) const { return refused_[model]; }

  // Learns from a model's failure. True when it has learnt something, so that the request should be
  // repeated without the refused part.
  bool learn(std::size_t model, const Problem& failure);

 private:
  runtime::Context& context_;
  const std::vector<llm::Endpoint>& endpoints_;
  std::vector<llm::RefusedParts> refused_;
};

}  // namespace fabula::engine
