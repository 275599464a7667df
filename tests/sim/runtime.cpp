#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "wasm/runtime/body.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/timer.hpp"
#include "wasm/sim/world.hpp"

using namespace fabula;
using namespace fabula::runtime;
using fabula::sim::World;

namespace {

// The running handler's notes; one test at a time.
std::vector<std::string> notes;

struct NotesItsEnd {
  std::string name;
  ~NotesItsEnd() { notes.push_back(name + " destroyed"); }
};

void run_in(World& world, Context::Handler handler) {
  notes.clear();
  world.call(handler, "GET http://test/\n");
  world.run();
}

Task<Result<int>> halve(int number) {
  if (number % 2 != 0) co_return problem(ErrorCode::invalid_request, "odd");
  co_return number / 2;
}

Task<Result<int>> quarter(int number) {
  const NotesItsEnd guard{"quarter's local"};
  const int half = co_await halve(number);
  notes.push_back("halved once");
  co_return co_await halve(half);
}

Task<Result<void>> check_quarter(int number) {
  (void)co_await quarter(number);
  notes.push_back("checked");
  co_return {};
}

Task<void> note_later(Context& context, std::string name, std::uint32_t delay_ms) {
  const NotesItsEnd guard{name};
  co_await Timer(context, delay_ms);
  notes.push_back(name + " done");
}

Task<int> number_after(Context& context, int number, std::uint32_t delay_ms) {
  co_await Timer(context, delay_ms);
  co_return number;
}

}  // namespace

TEST_CASE("a task does not start until it is awaited") {
  World world(1);
  run_in(world, [](Context& context) -> Task<void> {
    auto task = note_later(context, "task", 1);
    notes.push_back("made");
    co_await std::move(task);
  });
  CHECK(notes == std::vector<std::string>{"made", "task done", "task destroyed"});
}

TEST_CASE("a problem ends every coroutine up to the one that wants the whole result") {
  World world(1);
  run_in(world, [](Context&) -> Task<void> {
    const auto good = co_await check_quarter(8);
    CHECK(good.has_value());
    notes.clear();
    const auto late = co_await check_quarter(6);
    CHECK_FALSE(late.has_value());
    CHECK(late.error().detail == "odd");
    CHECK(notes == std::vector<std::string>{"halved once", "quarter's local destroyed"});
    notes.clear();
    const auto early = co_await check_quarter(7);
    CHECK_FALSE(early.has_value());
    CHECK(notes == std::vector<std::string>{"quarter's local destroyed"});
    notes.assign({"reached the end"});
  });
  CHECK(notes == std::vector<std::string>{"reached the end"});
}

TEST_CASE("attempt gives the whole result inside a coroutine that returns a result") {
  World world(1);
  run_in(world, [](Context&) -> Task<void> {
    const auto outcome = co_await [](int number) -> Task<Result<std::string>> {
      const auto result = co_await attempt(halve(number));
      co_return result ? "even" : result.error().detail;
    }(3);
    notes.push_back(*outcome);
  });
  CHECK(notes == std::vector<std::string>{"odd"});
}

TEST_CASE("a plain result short-circuits like a task") {
  World world(1);
  run_in(world, [](Context&) -> Task<void> {
    const auto outcome = co_await [](Result<int> result) -> Task<Result<int>> {
      const int number = co_await result;
      co_return number + 1;
    }(problem(ErrorCode::not_found, "no"));
    notes.push_back(std::string(facts(outcome.error().code).name));
  });
  CHECK(notes == std::vector<std::string>{"not_found"});
}

TEST_CASE("a million ready awaits need no stack") {
  World world(1);
  run_in(world, [](Context&) -> Task<void> {
    const auto sum = co_await []() -> Task<Result<long>> {
      long total = 0;
      for (int i = 0; i < 1'000'000; ++i) total += co_await halve(i * 2);
      co_return total;
    }();
    notes.push_back(std::to_string(*sum));
  });
  CHECK(notes == std::vector<std::string>{"499999500000"});
}

TEST_CASE("when_any gives the first result and cancels the others") {
  World world(1);
  run_in(world, [](Context& context) -> Task<void> {
    const auto first =
        co_await when_any(note_later(context, "slow", 900), number_after(context, 42, 20),
                          note_later(context, "slower", 1000));
    notes.push_back("winner " + std::to_string(first.index()));
    CHECK(std::get<1>(first) == 42);
  });
  CHECK(notes == std::vector<std::string>{"slow destroyed", "slower destroyed", "winner 1"});
}

TEST_CASE("when_any with a task that never waits takes it") {
  World world(1);
  run_in(world, [](Context& context) -> Task<void> {
    const auto first = co_await when_any(note_later(context, "timer", 5), halve(4));
    CHECK(first.index() == 1);
    CHECK(std::get<1>(first) == 2);
    notes.clear();
  });
  CHECK(notes.empty());
}

TEST_CASE("first_of keeps the losers running") {
  World world(1);
  run_in(world, [](Context& context) -> Task<void> {
    Timer ping(context, 25);
    for (int i = 0; i < 5; ++i) {
      Timer tick(context, 10);
      notes.push_back(co_await first_of(ping, tick) == 0 ? "ping" : "tick");
      if (ping.is_ready()) break;
    }
  });
  CHECK(notes == std::vector<std::string>{"tick", "tick", "ping"});
}

TEST_CASE("a cancelled read loses no bytes") {
  World world(1);
  world.behaviour.longest_delay_ms = 5;
  world.serve("http://peer/", [&world](std::shared_ptr<sim::Exchange> exchange) {
    exchange->respond(200);
    for (int i = 0; i < 200; ++i) {
      world.clock().after(i * 3, [exchange, i] {
        exchange->send(std::to_string(i) + ",");
        if (i == 199) exchange->end();
      });
    }
  });
  run_in(world, [](Context& context) -> Task<void> {
    HttpRequest request(context, "GET http://peer/\n", {});
    CHECK((co_await request).is_ok());
    auto answer = request.take_answer();
    CHECK(answer.status() == 200);
    std::string text;
    std::array<char, 7> buffer{};
    for (;;) {
      BodyRead read(context, answer.stream(), buffer);
      Timer timer(context, 2);
      if (co_await first_of(read, timer) == 1) continue;  // destroys the read
      if (read.outcome().value == 0) break;
      text.append(buffer.data(), read.outcome().value);
    }
    notes.push_back(text);
  });
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += std::to_string(i) + ",";
  CHECK(notes == std::vector<std::string>{expected});
  CHECK(world.open_exchanges() == 0);
}

TEST_CASE("dropping a request or an answer closes its connection") {
  World world(1);
  std::vector<std::shared_ptr<sim::Exchange>> seen;
  world.serve("http://silent/", [&seen](std::shared_ptr<sim::Exchange> e) { seen.push_back(e); });
  world.serve("http://endless/", [&seen](std::shared_ptr<sim::Exchange> exchange) {
    exchange->respond(200);
    exchange->send("...");
    seen.push_back(exchange);
  });
  run_in(world, [](Context& context) -> Task<void> {
    for (const auto* head : {"GET http://silent/\n", "GET http://endless/\n"}) {
      HttpRequest request(context, head, {});
      Timer timer(context, 50);
      (void)co_await first_of(request, timer);
    }
  });
  REQUIRE(seen.size() == 2);
  CHECK(seen[0]->is_closed_by_guest());
  CHECK(seen[1]->is_closed_by_guest());
  CHECK(world.unfinished_requests() == 0);
}

TEST_CASE("an unreachable peer is a network status") {
  World world(1);
  run_in(world, [](Context& context) -> Task<void> {
    const auto outcome = co_await HttpRequest(context, "GET http://nowhere/\n", {});
    notes.push_back(outcome.status == abi::Status::network ? "network" : "other");
  });
  CHECK(notes == std::vector<std::string>{"network"});
}

TEST_CASE("work goes on after the response has ended") {
  World world(1);
  notes.clear();
  auto& client = world.call(
      [](Context& context) -> Task<void> {
        start_response(context, "200\n");
        co_await ResponseWrite(context, "hello");
        end_response(context);
        co_await Timer(context, 5000);
        notes.push_back("saved");
      },
      "GET http://test/\n");
  world.run_for(1000);
  CHECK(client.is_ended());
  CHECK(notes.empty());
  world.run();
  CHECK(notes == std::vector<std::string>{"saved"});
}

TEST_CASE("the client's leaving wakes a coroutine that waits for it and fails its writes") {
  World world(1);
  notes.clear();
  auto& client = world.call(
      [](Context& context) -> Task<void> {
        start_response(context, "200\n");
        SignalWait left(context.client_left());
        co_await WaitFor(left);
        notes.push_back("left");
        const auto outcome = co_await ResponseWrite(context, "too late");
        notes.push_back(outcome.status == abi::Status::disconnected ? "disconnected" : "written");
      },
      "GET http://test/\n");
  world.clock().after(300, [&client] { client.leave(); });
  world.run();
  CHECK(notes == std::vector<std::string>{"left", "disconnected"});
}

TEST_CASE("the isolate's coming end is an event, and a killed isolate runs nothing more") {
  World world(1);
  notes.clear();
  auto& client = world.call(
      [](Context& context) -> Task<void> {
        const NotesItsEnd guard{"handler"};
        SignalWait ending(context.isolate_ending());
        co_await WaitFor(ending);
        notes.push_back("warned");
        co_await Timer(context, 1000);
        notes.push_back("never");
      },
      "GET http://test/\n");
  world.clock().after(10, [&world] { world.announce_end_of_isolate(); });
  world.clock().after(500, [&world, &client] { world.kill(client); });
  world.run();
  CHECK(notes == std::vector<std::string>{"warned", "handler destroyed"});
  CHECK(client.is_broken());
}

TEST_CASE("a write waits while the client takes nothing") {
  World world(1);
  notes.clear();
  auto& client = world.call(
      [](Context& context) -> Task<void> {
        start_response(context, "200\n");
        for (int i = 0; i < 3; ++i) {
          co_await ResponseWrite(context, "0123456789");
          notes.push_back(std::to_string(i));
        }
        end_response(context);
      },
      "GET http://test/\n");
  client.take_only(10);
  world.clock().after(1000, [&client] { client.take_everything(); });
  world.run_for(500);
  CHECK(notes == std::vector<std::string>{"0"});
  world.run();
  CHECK(notes.size() == 3);
  CHECK(client.body() == "012345678901234567890123456789");
}

TEST_CASE("a body over its limit is told apart from a broken one") {
  World world(1);
  world.behaviour.longest_read_bytes = 13;
  notes.clear();
  world.call(
      [](Context& context) -> Task<void> {
        Deadline deadline(context, 1000);
        const auto body = co_await read_whole(context, kRequestBody, 5000, deadline, 1000);
        notes.push_back(body ? "read " + std::to_string(body->size()) : "refused");
      },
      "POST http://test/\n", std::string(5000, 'x'));
  world.call(
      [](Context& context) -> Task<void> {
        Deadline deadline(context, 1000);
        const auto body = co_await read_whole(context, kRequestBody, 4999, deadline, 1000);
        CHECK(body.error() == BodyFault::too_large);
        notes.push_back("too large");
      },
      "POST http://test/\n", std::string(5000, 'x'));
  world.run();
  CHECK(notes == std::vector<std::string>{"read 5000", "too large"});
}
