#include "tests/sim/peers/stalls.hpp"

namespace fabula::tests {
namespace {

void trickle(sim::World& world, const std::shared_ptr<sim::Exchange>& exchange) {
  constexpr std::int64_t kGapMs = 1000;
  if (!exchange->is_open()) return;
  exchange->send(" ");
  world.clock().after(kGapMs, [&world, exchange] { trickle(world, exchange); });
}

}  // namespace

void stall_with(sim::World& world, const std::shared_ptr<sim::Exchange>& exchange, Stall stall) {
  if (stall == Stall::silence) return;
  exchange->respond(200, "content-type: application/json\n");
  if (stall == Stall::trickle) trickle(world, exchange);
}

}  // namespace fabula::tests
