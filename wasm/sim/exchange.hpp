// One HTTP exchange between a guest and a scripted peer, as the peer sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace fabula::sim {

// The peer calls respond, then send any number of times, then end or break_connection; each takes
// effect at once, so a slow peer schedules its calls on the world's clock. Calls after the guest
// has closed the exchange do nothing.
class Exchange {
 public:
  std::string method;
  std::string url;
  std::string head;  // as the guest wrote it: `METHOD URL\nname: value\n...`
  std::string body;

  void respond(std::uint32_t status, std::string headers = {});
  void send(std::string_view bytes);
  void end();
  // Before respond: the peer cannot be reached. After: the connection broke.
  void break_connection();

  // The guest has aborted the request or closed the body before its end.
  bool is_closed_by_guest() const { return is_closed_by_guest_; }
  // Neither side has ended the exchange.
  bool is_open() const {
    return !is_closed_by_guest_ && (phase_ == Phase::waiting || phase_ == Phase::streaming);
  }

 private:
  friend class SimulatedRequest;
  enum class Phase { waiting, streaming, ended, broken };

  Phase phase_ = Phase::waiting;
  std::uint32_t status_ = 0;
  std::string answer_head_;
  std::string unread_;
  bool is_closed_by_guest_ = false;
  std::function<void()> on_change_;  // makes the simulated host check again
};

}  // namespace fabula::sim
