#include "shared/turn/framing.hpp"

namespace fabula::turn {
namespace {

struct Writer {
  Framing& framing;
  std::string& out;

  void operator()(const event::Begun& begun) const { framing.begun(out, begun); }
  void operator()(const event::Text& part) const { framing.text(out, part.text); }
  void operator()(const event::Reasoning& part) const { framing.reasoning(out, part.text); }
  void operator()(const event::ToolCall& call) const { framing.tool_call(out, call); }
  void operator()(const event::ToolResult& result) const { framing.tool_result(out, result); }
  void operator()(const event::Beat&) const { framing.beat(out); }
  void operator()(const event::Stored& stored) const { framing.stored(out, stored); }
  void operator()(const event::Finished& finished) const { framing.finished(out, finished); }
  void operator()(const event::Failed& failed) const { framing.failed(out, failed); }
  void operator()(const event::ComeBack&) const { framing.come_back(out); }
};

}  // namespace

void Framing::write(std::string& out, const Event& event) { std::visit(Writer{*this, out}, event); }

void Framing::begun(std::string&, const event::Begun&) {}
void Framing::reasoning(std::string&, std::string_view) {}
void Framing::tool_call(std::string&, const event::ToolCall&) {}
void Framing::tool_result(std::string&, const event::ToolResult&) {}
void Framing::beat(std::string&) {}
void Framing::stored(std::string&, const event::Stored&) {}

}  // namespace fabula::turn
