// The frames of the relay's protocol (server-sent events): `token` with the text itself as data,
// `ping`, `error` with JSON, and `done` with {"stream_id"}.
//
// The id of a frame counts the UTF-8 bytes of the reply's text up to and including it, so a client
// that comes back with its last id gets exactly the text that it lacks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::stream {

// Appends frames to a buffer and keeps count.
class Events {
 public:
  // `offset_bytes`: how much of the reply's text the client has already.
  explicit Events(std::uint64_t offset_bytes = 0) : offset_bytes_(offset_bytes) {}

  // The next part of the reply: whole characters. A reader joins the lines of an event with LF, so
  // a CR is told as LF, alone or before one.
  void append_token(std::string& out, std::string_view text);
  void append_ping(std::string& out) const;
  // {code, message, retryable}; the message is the problem's detail.
  void append_error(std::string& out, const Problem& problem) const;
  void append_done(std::string& out, std::string_view stream_id) const;

 private:
  std::uint64_t offset_bytes_;
};

}  // namespace fabula::stream
