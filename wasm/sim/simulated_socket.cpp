#include "wasm/sim/simulated_socket.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fabula::sim {

void SimulatedSocket::accept(std::string protocol) {
  is_accepted_ = true;
  protocol_ = std::move(protocol);
}

void SimulatedSocket::receive(std::uint32_t operation, char* buffer, std::uint32_t capacity) {
  receiving_ = operation;
  buffer_ = buffer;
  capacity_ = capacity;
  look();
}

void SimulatedSocket::look() {
  if (receiving_ == 0) return;
  if (!unread_.empty() && unread_.front().bytes.size() > capacity_) {
    complete_(std::exchange(receiving_, 0u), abi::Status::ok,
              static_cast<std::uint32_t>(unread_.front().bytes.size()),
              static_cast<std::uint32_t>(unread_.front().kind));
  } else if (!unread_.empty()) {
    due_ = {std::exchange(receiving_, 0u), std::move(unread_.front())};
    unread_.pop_front();
    complete_(due_->operation, abi::Status::ok,
              static_cast<std::uint32_t>(due_->message.bytes.size()),
              static_cast<std::uint32_t>(due_->message.kind));
  } else if (std::exchange(has_overflowed_, false)) {
    complete_(std::exchange(receiving_, 0u), abi::Status::overflow, 0, 0);
  } else if (close_code_) {
    complete_(std::exchange(receiving_, 0u), abi::Status::disconnected, *close_code_, 0);
  }
}

void SimulatedSocket::deliver(std::uint32_t operation) {
  if (!due_ || due_->operation != operation) return;
  const auto& bytes = due_->message.bytes;
  std::memcpy(buffer_, bytes.data(), bytes.size());
  delivered_ = std::exchange(due_, std::nullopt);
}

void SimulatedSocket::cancel(std::uint32_t operation) {
  if (receiving_ == operation) receiving_ = 0;
  for (auto* given : {&due_, &delivered_}) {
    if (!*given || (*given)->operation != operation) continue;
    unread_.push_front(std::move((*given)->message));
    given->reset();
  }
  std::erase(waiting_sends_, operation);
}

void SimulatedSocket::send(std::uint32_t operation, std::string_view text) {
  if (!is_open()) return complete_(operation, abi::Status::disconnected, 0, 0);
  received_.emplace_back(text);
  on_change();
  waiting_sends_.push_back(operation);
  let_sends_through();
}

void SimulatedSocket::let_sends_through() {
  while (!waiting_sends_.empty() && (!room_ || *room_ > 0)) {
    if (room_) --*room_;
    complete_(waiting_sends_.front(), abi::Status::ok, 0, 0);
    waiting_sends_.pop_front();
  }
}

void SimulatedSocket::take_everything() {
  room_.reset();
  let_sends_through();
}

void SimulatedSocket::close_by_guest(std::uint32_t code, std::string_view reason) {
  if (close_code_) return;
  close_code_ = code;
  guest_close_code_ = code;
  close_reason_ = reason;
  unread_.clear();
  on_change();
  look();
}

void SimulatedSocket::send_to_guest(abi::MessageKind kind, std::string message) {
  if (!is_open() || has_overflowed_) return;
  unread_.push_back({kind, std::move(message)});
  has_overflowed_ = unread_.size() > kMaximumUnread;
  look();
}

bool SimulatedSocket::close_by_client(std::uint32_t code) {
  if (!is_open()) return false;
  close_code_ = code;
  for (const auto operation : std::exchange(waiting_sends_, {})) {
    complete_(operation, abi::Status::disconnected, 0, 0);
  }
  look();
  return true;
}

}  // namespace fabula::sim
