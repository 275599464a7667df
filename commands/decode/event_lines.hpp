// Writes a decoder's output as JSON, one object per line.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/tool_calls.hpp"

namespace fabula::decode {

class EventLines final : public llm::StreamSink {
 public:
  void on_text(std::string_view text) override;
  void on_reasoning(std::string_view text) override;
  void on_tool_call(const llm::ToolCallPart& part) override;

  // Writes the line about the end, with the collected results. Call it once.
  void write_end(const llm::StreamSummary& summary);

  // The lines since the last call.
  std::string take();

 private:
  void write_text(std::string_view type, std::string_view text);

  std::string lines_;
  std::string text_;
  std::string reasoning_;
  llm::ToolCalls tool_calls_;
};

}  // namespace fabula::decode
