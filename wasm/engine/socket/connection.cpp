#include "wasm/engine/socket/connection.hpp"

#include <utility>

#include "wasm/engine/socket/limits.hpp"

namespace fabula::engine {

void SocketConnection::send(std::string message) {
  if (is_closed_ || message.empty()) return;
  queued_bytes_ += message.size();
  queue_.push_back(std::move(message));
  queued_.ring();
}

bool SocketConnection::is_full() const {
  return queued_bytes_ >= socket_limits::kMaximumQueuedBytes;
}

bool SocketConnection::may_send() const {
  return !is_acknowledged_ ||
         sent_bytes_ - acknowledged_bytes_ < socket_limits::kMaximumUnacknowledgedBytes;
}

bool SocketConnection::acknowledge(std::uint64_t bytes) {
  if (bytes > sent_bytes_) return false;
  // Acknowledgements cannot overtake each other, but a client may repeat one.
  if (bytes > acknowledged_bytes_) acknowledged_bytes_ = bytes;
  return true;
}

void SocketConnection::arm(std::int64_t now_ms) {
  if (is_closed_) return;
  if (!send_ && !queue_.empty() && may_send()) {
    const std::string message = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= message.size();
    sent_bytes_ += message.size();
    send_.emplace(context_, message);
    stalled_since_ms_.reset();
  }
  if ((send_ || !queue_.empty()) && !stalled_since_ms_) stalled_since_ms_ = now_ms;
}

void SocketConnection::look() {
  if (!send_ || !send_->is_ready()) return;
  const bool is_gone = !send_->outcome().is_ok();
  send_.reset();
  stalled_since_ms_.reset();
  if (is_gone) return closed_by_client();
  changed_.ring();
}

void SocketConnection::close(std::uint32_t code, std::string_view reason) {
  if (is_closed_) return;
  runtime::close_socket(context_, code, reason);
  closed_by_client();
}

void SocketConnection::closed_by_client() {
  if (is_closed_) return;
  is_closed_ = true;
  queue_.clear();
  queued_bytes_ = 0;
  send_.reset();
  stalled_since_ms_.reset();
  changed_.ring();
}

}  // namespace fabula::engine
