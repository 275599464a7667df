// The sending side of a socket: a queue of messages, sent one at a time, and paused while a client
// that acknowledges has too many unacknowledged bytes. Platforms do not report what a client has
// received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "wasm/runtime/bell.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/socket.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

class SocketConnection {
 public:
  SocketConnection(runtime::Context& context, bool is_acknowledged)
      : context_(context), is_acknowledged_(is_acknowledged) {}

  // Queues a message, unless the connection is closed or the message is empty.
  void send(std::string message);
  bool is_full() const;
  bool has_unsent() const { return !queue_.empty() || send_; }

  // The client has received this many bytes in total; false when fewer were sent.
  bool acknowledge(std::uint64_t bytes);

  // Sends the messages that may be sent. Only the dialogue calls these.
  void arm(std::int64_t now_ms);
  runtime::Waitable* waiting_for() { return send_ ? &*send_ : nullptr; }
  void look();
  // Since when the client has taken none of the waiting messages; nothing: it takes everything.
  std::optional<std::int64_t> stalled_since_ms() const { return stalled_since_ms_; }

  void close(std::uint32_t code, std::string_view reason);
  // The other side has closed it, or is gone.
  void closed_by_client();
  bool is_closed() const { return is_closed_; }

  // Rings when a message has been queued.
  runtime::Bell& queued() { return queued_; }
  // Rings when there may be room again, when the connection is closed, and when its waiters should
  // check other conditions.
  runtime::Bell& changed() { return changed_; }

 private:
  bool may_send() const;

  runtime::Context& context_;
  bool is_acknowledged_;
  bool is_closed_ = false;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t acknowledged_bytes_ = 0;
  std::optional<std::int64_t> stalled_since_ms_;
  std::optional<runtime::SocketSend> send_;
  runtime::Bell queued_;
  runtime::Bell changed_;
};

}  // namespace fabula::engine
