// Sends a turn through a socket: each event as its own message, and texts that arrive close
// together as one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/turn/socket_protocol.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/conversation.hpp"
#include "wasm/engine/socket/connection.hpp"

namespace fabula::engine {

// The state that a dialogue shares with the turn that it runs.
struct SocketReply {
  std::string id;              // the client's id for the message
  bool is_stop_asked = false;  // set by the dialogue, which rings the connection's `changed`
  bool has_begun = false;      // the turn is stored
  bool is_followed = false;    // another request writes it
  bool is_refused = false;     // the client knows that no turn has begun
  std::string stream_id;       // once it has begun
  std::string generation_id;
  std::string user_message_id;
  std::string reply_message_id;
  std::uint64_t told_bytes = 0;    // bytes of the reply's text, from its beginning, that were sent
  bool is_to_be_followed = false;  // the reply continues, but sending it here has ended
  std::optional<Problem> problem;  // why there is no reply, or only a part of it
};

class SocketChannel final : public Channel {
 public:
  // All arguments must outlive it.
  SocketChannel(SocketConnection& connection, turn::Framing& framing, SocketReply& reply,
                std::int64_t coalesce_ms)
      : connection_(connection), framing_(framing), reply_(reply), coalesce_ms_(coalesce_ms) {}

  Result<void> begin(http::Headers&&) override { return {}; }
  void text(std::string_view text, std::int64_t now_ms) override;
  void reasoning(std::string_view text, std::int64_t now_ms) override;
  void tell(const turn::Event& event) override;
  bool has_unsent() const override;
  bool is_full() const override;
  void arm(std::int64_t now_ms) override;
  std::int64_t due_ms() const override;
  runtime::Waitable* waiting_for() override;
  void look() override;
  void give_up() override;
  bool is_stop_asked() const override { return reply_.is_stop_asked; }
  runtime::Task<void> flush() override;
  runtime::Task<void> end() override { co_return; }

 private:
  void note(const turn::Event& event);
  void push_text();

  SocketConnection& connection_;
  turn::Framing& framing_;
  SocketReply& reply_;
  std::int64_t coalesce_ms_;
  std::int64_t last_text_ms_ = 0;
  std::string text_;  // not framed yet
  std::optional<runtime::BellWait> changed_;
};

// Makes the channel of one turn of a dialogue.
class SocketChannels final : public ChannelMaker {
 public:
  SocketChannels(SocketConnection& connection, const turn::SocketProtocol& protocol,
                 SocketReply& reply)
      : connection_(connection), protocol_(protocol), reply_(reply) {}

  runtime::Task<void> refuse(Call& call, const turn::Protocol& protocol,
                             const Problem& problem) override;
  std::unique_ptr<turn::Framing> make_framing(const turn::Protocol& protocol,
                                              const turn::Telling& telling) override;
  std::unique_ptr<Channel> make_channel(Call& call, const turn::Protocol& protocol,
                                        turn::Framing& framing, const RelayLimits& limits) override;

 private:
  SocketConnection& connection_;
  const turn::SocketProtocol& protocol_;
  SocketReply& reply_;
};

}  // namespace fabula::engine
