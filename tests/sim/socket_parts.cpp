// The bell that wakes the parts of a connection, and how many messages a client may send.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "wasm/engine/socket/message_rate.hpp"
#include "wasm/runtime/bell.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/sim/world.hpp"

using namespace fabula;

namespace {

// The messages received; one test at a time.
std::string heard;
runtime::Bell* bell = nullptr;

runtime::Task<void> hear(char name, int times) {
  for (int i = 0; i < times; ++i) {
    runtime::BellWait wait(*bell);
    co_await runtime::first_of(wait);
    heard += name;
  }
}

// Each ring, as the step of one instance.
std::string heard_after(runtime::Context::Handler handler) {
  heard.clear();
  runtime::Bell rung;
  bell = &rung;
  sim::World world(1);
  world.call(handler, "GET http://test/\n");
  world.run();
  CHECK(world.unfinished_requests() == 0);
  return heard;
}

}  // namespace

TEST_CASE("a bell wakes everyone who waits, and once for each ring") {
  CHECK(heard_after([](runtime::Context&) -> runtime::Task<void> {
          bell->ring();  // without a waiter
          runtime::Spawned<void> first(hear('a', 2));
          runtime::Spawned<void> second(hear('b', 1));
          bell->ring();
          heard += '|';
          bell->ring();
          heard += '|';
          bell->ring();
          co_return;
        }).size() == 5);
  CHECK(heard.find('|') == 2);
  CHECK(heard.substr(3) == "a|");
}

TEST_CASE("a wait that was begun before the ring is ready, and one that is given up is forgotten") {
  CHECK(heard_after([](runtime::Context&) -> runtime::Task<void> {
          runtime::BellWait before(*bell);
          auto forgotten = std::make_unique<runtime::Spawned<void>>(hear('x', 1));
          forgotten.reset();
          bell->ring();
          runtime::BellWait after(*bell);
          if (before.is_ready()) heard += 'r';
          if (!after.is_ready()) heard += 'w';
          co_return;
        }) == "rw");
}

TEST_CASE("one who is woken may ring again, and may destroy another who waits") {
  CHECK(heard_after([](runtime::Context&) -> runtime::Task<void> {
          static std::optional<runtime::Spawned<void>> other;
          runtime::Spawned<void> killer([]() -> runtime::Task<void> {
            runtime::BellWait wait(*bell);
            co_await runtime::first_of(wait);
            other.reset();
            bell->ring();
            heard += 'k';
          }());
          other.emplace(hear('o', 1));
          runtime::Spawned<void> last(hear('l', 2));
          bell->ring();
          other.reset();
          co_return;
        }).find('k') != std::string::npos);
}

TEST_CASE("a client may send 200 messages at once, then 120 a second") {
  engine::MessageRate rate(1'000);
  int taken = 0;
  for (int i = 0; i < 300; ++i) taken += rate.take(1'000) ? 1 : 0;
  CHECK(taken == 200);
  for (int i = 0; i < 300; ++i) taken += rate.take(1'500) ? 1 : 0;
  CHECK(taken == 260);
  // Unused allowance has a limit, however long the client was silent.
  for (int i = 0; i < 300; ++i) taken += rate.take(std::int64_t{30} * 24 * 3'600 * 1000) ? 1 : 0;
  CHECK(taken == 460);
  // At the full allowed rate, for a minute.
  engine::MessageRate steady(0);
  for (std::int64_t now_ms = 0; now_ms < 60'000; now_ms += 9) CHECK(steady.take(now_ms));
}
