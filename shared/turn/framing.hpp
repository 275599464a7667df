// Writes a turn's events in a protocol's format. One framing writes one answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/turn/event.hpp"

namespace fabula::turn {

// Facts about the answer that are known before its first event. Views must outlive the framing.
struct Telling {
  std::string_view stream_id = {};
  std::string_view new_guest_token = {};  // shown once
  std::string_view request_id = {};
  std::uint64_t offset_bytes = 0;  // bytes of the reply's text that precede this answer
};

// Each function appends whole frames to `out`, or nothing if the protocol has no frame for the
// event.
class Framing {
 public:
  virtual ~Framing() = default;

  void write(std::string& out, const Event& event);

  virtual void begun(std::string& out, const event::Begun& begun);
  virtual void text(std::string& out, std::string_view text) = 0;
  virtual void reasoning(std::string& out, std::string_view text);
  virtual void tool_call(std::string& out, const event::ToolCall& call);
  virtual void tool_result(std::string& out, const event::ToolResult& result);
  virtual void beat(std::string& out);
  virtual void stored(std::string& out, const event::Stored& stored);
  virtual void finished(std::string& out, const event::Finished& finished) = 0;
  // A stream also calls this at the beginning, to prepare the last frame of an instance that traps.
  virtual void failed(std::string& out, const event::Failed& failed) const = 0;
  virtual void come_back(std::string& out) = 0;
};

}  // namespace fabula::turn
