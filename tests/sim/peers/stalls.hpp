// Peers that take a request and do not answer it, in the ways in which servers do.
#pragma once

#include <cstdint>
#include <memory>

#include "wasm/sim/exchange.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

enum class Stall : std::uint8_t {
  silence,     // not even a head
  head_alone,  // a head, and nothing of the body
  trickle,     // a head, and a byte each second without end
};

void stall_with(sim::World& world, const std::shared_ptr<sim::Exchange>& exchange, Stall stall);

}  // namespace fabula::tests
