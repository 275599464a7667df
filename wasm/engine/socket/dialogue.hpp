// The conversation over one socket, from the first message to the close: a connection has a caller
// and settings, and many turns. Its turns run one after the other; messages that arrive meanwhile
// wait. A reply that has begun is finished and stored even if the connection ends.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/socket/connection.hpp"
#include "wasm/engine/socket/limits.hpp"
#include "wasm/engine/socket/message_rate.hpp"
#include "wasm/engine/socket/partner.hpp"
#include "wasm/engine/socket/socket_channel.hpp"
#include "wasm/engine/socket/socket_turn.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/socket.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {

class Dialogue {
 public:
  // The socket has been accepted. All arguments must outlive it.
  Dialogue(Call& call, Caller& caller, SocketPartner& partner,
           const turn::SocketProtocol& protocol);

  // Returns when the socket is closed and all replies are stored. Call it once.
  runtime::Task<void> run();

 private:
  using Waiting = std::variant<turn::said::Message, turn::said::Start>;
  struct Closing {
    std::uint32_t code;
    std::string reason;
    std::int64_t until_ms;  // when it is closed even if messages are unsent
  };

  void step(std::int64_t now_ms);
  std::int64_t due_ms() const;
  bool is_ending_awaited() const;
  bool is_over() const;

  // The client's messages.
  void receive(std::int64_t now_ms);
  void take(const runtime::Outcome& outcome, std::int64_t now_ms);
  void hear(turn::Said&& said, std::int64_t now_ms);
  void say(turn::said::Message&& message, std::int64_t now_ms);
  void cancel(std::string_view id);
  void answer_ping();

  // The actions of other connections.
  void look_at_work(std::int64_t now_ms);
  void open(const turn::said::Hello& hello);
  void take_news(Result<SocketNews>&& news, std::int64_t now_ms);
  bool is_answering(std::string_view id) const;
  std::deque<Waiting>::iterator find_waiting(std::string_view id);
  bool is_message_next() const;
  bool is_start_next() const;

  // Replies.
  void look_at_reply(std::int64_t now_ms);
  void begin_next(std::int64_t now_ms);
  void begin_reply(std::string id);

  // Time.
  void look_at_clock(std::int64_t now_ms);

  // Sends a problem, and closes the socket if the protocol or the problem requires it.
  void refuse(std::string_view id, const Problem& problem, std::int64_t now_ms);
  void close(std::uint32_t code, std::string_view reason, std::int64_t now_ms);
  void restart(std::int64_t now_ms);
  // Stops a reply of another request.
  void pass_stop_on();
  runtime::Task<Result<SocketNews>> cancel_followed(std::string stream_id, std::int64_t epoch);
  SocketSide side() { return {call_, caller_, partner_, protocol_, connection_}; }

  Call& call_;
  Caller& caller_;
  SocketPartner& partner_;
  const turn::SocketProtocol& protocol_;
  SocketConnection connection_;
  std::int64_t maximum_requests_;
  MessageRate rate_;
  std::int64_t started_ms_;
  std::int64_t last_heard_ms_;
  std::int64_t last_said_ms_;  // the last message to the model, or a reply's end
  int unanswered_pings_ = 0;
  std::int64_t next_ping_ms_;

  std::string buffer_;
  std::optional<runtime::SocketReceive> receive_;
  runtime::SignalWait ending_;
  std::optional<runtime::Timer> timer_;
  std::int64_t timer_due_ms_ = 0;

  bool is_opening_ = false;
  bool is_open_ = false;
  std::optional<turn::said::Hello> hello_;  // while the connection is opened
  // Opening, starting a conversation or looking: one at a time.
  std::optional<runtime::Spawned<Result<SocketNews>>> work_;
  std::optional<runtime::Spawned<Result<SocketNews>>> cancelling_;
  std::optional<turn::said::Start> started_;  // the request that is in progress
  std::int64_t look_due_ms_ = 0;
  std::int64_t look_gap_ms_ = socket_limits::kFirstLookMs;
  std::optional<FollowedReply> followed_;  // to follow, or followed now
  std::optional<BrokenReply> broken_;      // to continue
  std::string continued_id_;               // the stream that has been continued already
  std::string told_generation_id_;         // the last one that was sent to its regular end

  // In the order of arrival: a message belongs to the last conversation that was started before it.
  std::deque<Waiting> waiting_;
  std::int64_t turn_due_ms_ = 0;  // when the next turn may be tried
  enum class ReplyKind : std::uint8_t { own, continued, followed };
  ReplyKind reply_kind_ = ReplyKind::own;
  // The message that is being answered, in case it must be repeated.
  std::optional<turn::said::Message> said_;
  SocketReply reply_;
  std::optional<runtime::Spawned<void>> replying_;
  bool was_accepted_ = false;
  bool was_stop_passed_on_ = false;

  std::optional<Closing> closing_;
};

}  // namespace fabula::engine
