// The simulated world around the functions: a clock, peers that answer HTTP, clients that call. It
// replaces the TypeScript host, so that every await can be delayed, interrupted or failed on
// purpose; the same seed gives the same run. One World at a time per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/runtime/context.hpp"
#include "wasm/sim/clock.hpp"
#include "wasm/sim/exchange.hpp"
#include "wasm/sim/random.hpp"

namespace fabula::sim {

class SimulatedRequest;

// How the simulated host treats the guest's operations.
struct HostBehaviour {
  std::int64_t longest_delay_ms = 0;  // each completion is delayed by up to this
  // 0: as much as fits; otherwise pieces of 1 to this many bytes.
  std::uint32_t longest_read_bytes = 0;
  std::uint32_t host_traits = 0;              // abi::HostTrait bits
  std::int64_t notices_leaving_after_ms = 0;  // without notices_leaving_only_on_write
  std::string client_address = {};            // empty: the host does not tell it
};

// The caller of a function, and the response so far.
class Client {
 public:
  explicit Client(SimulatedRequest& request) : request_(request) {}

  std::uint32_t status() const;     // 0 before a head has arrived
  const std::string& head() const;  // `STATUS\nname: value\n...`
  const std::string& body() const;
  bool is_ended() const;   // the response has ended properly
  bool is_broken() const;  // the connection broke before that
  // How many writes and timers the function has begun: the cost of a stream.
  int writes() const;
  int timers() const;

  // The next part of a body that begin_call left open, and its end.
  void send_body(std::string_view bytes);
  void end_body();

  // Closes the connection.
  void leave();

  // For a request that has become a socket.
  bool is_accepted() const;
  bool is_open() const;  // accepted, and closed by neither side
  const std::string& protocol() const;
  const std::vector<std::string>& received() const;  // every message so far
  std::uint32_t close_code() const;  // by which the function has closed it; 0: it has not
  const std::string& close_reason() const;
  void send_text(std::string message);
  void send_binary(std::string message);
  void close(std::uint32_t code);
  // From now on the client accepts only this many more messages, then the function's sends wait.
  void take_only_messages(std::size_t count);
  // Called in a later event when a message has arrived, and when the socket has ended.
  void on_socket(std::function<void()> notice);

  // From now on the client accepts only `bytes` more, then the function's writes wait.
  void take_only(std::size_t bytes);
  void take_everything();

 private:
  SimulatedRequest& request_;
};

class World {
 public:
  using Peer = std::function<void(std::shared_ptr<Exchange>)>;

  explicit World(std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The world whose guests are running on this thread.
  static World& current();

  Clock& clock() { return clock_; }
  Random& random() { return random_; }

  HostBehaviour behaviour;
  std::map<std::string, std::string, std::less<>> environment;
  // The numbers that guests keep for later requests of the isolate.
  std::map<std::string, std::uint32_t, std::less<>> isolate_memory;
  // Whether a signature is valid; the simulator has no cryptography of its own.
  std::function<bool(std::string_view data, std::string_view signature)> verify;
  // The text of the key set at a URL.
  std::string public_keys = R"({"keys":[]})";
  // The host never returns a key set.
  bool withholds_public_keys = false;

  // Exchanges whose URL starts with `url_prefix` go to `peer`; others cannot be reached.
  void serve(std::string url_prefix, Peer peer);

  // Calls a function. `head` is `METHOD URL\nname: value\n...`. The client lives as long as the
  // world.
  Client& call(runtime::Context::Handler handler, std::string head, std::string body = {});
  // Calls a function with a body that the client sends later.
  Client& begin_call(runtime::Context::Handler handler, std::string head);

  // The platform's warning to all running requests or to one, and its end of one: nothing more
  // runs there.
  void announce_end_of_isolate();
  void announce_end_of_isolate(Client& client);
  void kill(Client& client);

  // Runs until no events are left, at most an hour of simulated time.
  void run();
  // Runs the events within `duration_ms`, and stops the clock at its end.
  void run_for(std::int64_t duration_ms) { clock_.run_until(clock_.now_ms() + duration_ms); }

  // Requests whose work is not over, and exchanges that are still open.
  std::size_t unfinished_requests() const;
  std::size_t open_exchanges() const;
  const std::vector<std::string>& log() const { return log_; }

  // For the imports.
  SimulatedRequest& request(std::uint32_t id);
  void dispatch(const std::shared_ptr<Exchange>& exchange);
  void add_log_line(std::string line) { log_.push_back(std::move(line)); }

 private:
  Clock clock_;
  Random random_;
  std::vector<std::pair<std::string, Peer>> peers_;
  std::vector<std::unique_ptr<SimulatedRequest>> requests_;  // index + 1 is the request's number
  std::vector<std::shared_ptr<Exchange>> exchanges_;
  std::vector<std::string> log_;
  World* outer_;
};

}  // namespace fabula::sim
