// Writes a reply as messages of `fabula.v1`: accepted, token, reasoning, tool_call, tool_result,
// then done or error. Each names the message that it answers.
#pragma once

#include <string>
#include <string_view>

#include "shared/turn/socket_protocol.hpp"

namespace fabula::protocols::realtime {

class JsonFraming final : public turn::Framing {
 public:
  explicit JsonFraming(turn::SocketTelling telling) : telling_(std::move(telling)) {}

  void begun(std::string& out, const turn::event::Begun& begun) override;
  void text(std::string& out, std::string_view text) override;
  void reasoning(std::string& out, std::string_view text) override;
  void tool_call(std::string& out, const turn::event::ToolCall& call) override;
  void tool_result(std::string& out, const turn::event::ToolResult& result) override;
  void stored(std::string& out, const turn::event::Stored& stored) override;
  void finished(std::string& out, const turn::event::Finished& finished) override;
  void failed(std::string& out, const turn::event::Failed& failed) const override;
  // The dialogue continues the reply itself.
  void come_back(std::string&) override {}

 private:
  turn::SocketTelling telling_;
  std::string message_id_;  // of the stored reply
};

// An error; `id` is the client's name of the message that it concerns; empty: none.
void write_failure(std::string& out, std::string_view id, const turn::event::Failed& failed);

}  // namespace fabula::protocols::realtime
