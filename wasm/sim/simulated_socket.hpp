// The socket of a simulated request, including its client's side.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/abi/imports.hpp"

namespace fabula::sim {

class SimulatedSocket {
 public:
  // Completes an operation of the guest.
  using Complete = std::function<void(std::uint32_t operation, abi::Status status,
                                      std::uint32_t value, std::uint32_t detail)>;

  explicit SimulatedSocket(Complete complete) : complete_(std::move(complete)) {}

  // The guest's side.
  void accept(std::string protocol);
  void receive(std::uint32_t operation, char* buffer, std::uint32_t capacity);
  void send(std::uint32_t operation, std::string_view text);
  void close_by_guest(std::uint32_t code, std::string_view reason);
  // Writes the message of a receive that is being delivered.
  void deliver(std::uint32_t operation);
  // The delivery's batch is over: delivered messages cannot be taken back any more.
  void forget_delivered() { delivered_.reset(); }
  void cancel(std::uint32_t operation);

  // The client's side. `on_change` is called when a message has arrived or the socket has ended.
  std::function<void()> on_change = [] {};
  void send_to_guest(abi::MessageKind kind, std::string message);
  // False when it was already closed.
  bool close_by_client(std::uint32_t code);
  void take_only(std::size_t messages) { room_ = messages; }
  void take_everything();

  bool is_accepted() const { return is_accepted_; }
  bool is_open() const { return is_accepted_ && !close_code_; }
  const std::string& protocol() const { return protocol_; }
  const std::vector<std::string>& received() const { return received_; }
  // The code with which the guest has closed it; 0: it has not.
  std::uint32_t guest_close_code() const { return guest_close_code_; }
  const std::string& close_reason() const { return close_reason_; }

 private:
  struct Message {
    abi::MessageKind kind;
    std::string bytes;
  };
  struct Delivery {
    std::uint32_t operation;
    Message message;
  };

  void look();
  void let_sends_through();

  // The same number as in the real hosts.
  static constexpr std::size_t kMaximumUnread = 256;

  Complete complete_;
  bool is_accepted_ = false;
  std::string protocol_;
  std::deque<Message> unread_;
  bool has_overflowed_ = false;
  std::uint32_t receiving_ = 0;  // 0: no receive
  char* buffer_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::optional<Delivery> due_;        // completed, not delivered yet
  std::optional<Delivery> delivered_;  // in the batch that the guest is reading
  std::vector<std::string> received_;
  std::deque<std::uint32_t> waiting_sends_;
  std::optional<std::size_t> room_;  // messages that the client still accepts; nothing: all
  std::optional<std::uint32_t> close_code_;
  std::uint32_t guest_close_code_ = 0;
  std::string close_reason_;
};

}  // namespace fabula::sim
