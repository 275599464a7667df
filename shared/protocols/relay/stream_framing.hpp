// The frames of the relay's protocol (server-sent events): `token` with the plain text as data,
// `ping`, `error` with JSON, and `done` with {"stream_id", "finish_reason"}. Its clients need
// nothing else.
//
// The id of a frame counts the UTF-8 bytes of the reply's text up to and including it, so a client
// that reconnects with its last id gets exactly the missing text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/turn/framing.hpp"

namespace fabula::protocols::relay {

class StreamFraming final : public turn::Framing {
 public:
  explicit StreamFraming(const turn::Telling& telling)
      : offset_bytes_(telling.offset_bytes), stream_id_(telling.stream_id) {}

  // A client joins the lines of an event with LF, so CR and CRLF are sent as LF.
  void text(std::string& out, std::string_view text) override;
  void beat(std::string& out) override;
  void finished(std::string& out, const turn::event::Finished& finished) override;
  // {code, message, retryable, stored_bytes?}; the message is the problem's detail.
  void failed(std::string& out, const turn::event::Failed& failed) const override;
  void come_back(std::string& out) override;

 private:
  std::uint64_t offset_bytes_;
  std::string_view stream_id_;
};

}  // namespace fabula::protocols::relay
