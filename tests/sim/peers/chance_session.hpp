// A realtime session with random events: one or two clients that send, repeat and cancel messages,
// drop after any frame and read slowly; isolates that end with and without notice; models that
// fail; a database whose calls get lost or arrive twice. The same seed gives the same session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/peers/realtime_client.hpp"

namespace fabula::tests {

class ChanceSession {
 public:
  explicit ChanceSession(std::uint64_t seed);

  // Plays until everything that was said is answered or has failed, then leaves.
  void play();

  RealtimeWorld chat;
  std::vector<std::unique_ptr<RealtimeClient>> clients;
  std::set<std::string> cancelled;  // messages that their client has cancelled
  // Messages whose turn the database did not begin at once: their client may never hear of the
  // refusal, and says them again later.
  std::set<std::string> refused;
  int kills = 0;
  int endings = 0;
  bool has_faults() const { return fault_percent_ > 0; }
  bool was_paused = false;
  // The text of a model's answer: they all differ.
  const std::vector<std::string>& stories() const { return stories_; }

 private:
  void script_host();
  void script_database();
  void note_fault(const std::string& body);
  void script_model();
  void script_client(RealtimeClient& client, const std::string& name);
  void script_message(RealtimeClient& client, const std::string& id);
  void script_isolates(RealtimeClient& client);
  void connect_second(RealtimeClient& client);
  bool is_settled() const;
  std::int64_t moment() { return random_.between(0, 30'000); }

  sim::Random& random_;
  int fault_percent_ = 0;
  std::vector<std::string> stories_;
};

}  // namespace fabula::tests
