// Decodes the streamed answer of Anthropic's Messages API. `message_stop` is its end; without it
// the answer is incomplete, whatever its stop_reason says. Readable thinking is reasoning. Calls of
// tools that the provider runs itself are skipped with their results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/event_stream.hpp"

namespace fabula::llm {

class AnthropicStream final : public EventStream {
 public:
  explicit AnthropicStream(std::size_t maximum_event_bytes = sse::kMaximumEventBytes)
      : EventStream({}, maximum_event_bytes) {}

 private:
  void read_chunk(const sse::Event& event, StreamChunk& chunk) override;
  void read_answer(std::string_view json, StreamChunk& chunk) override;
  void read_message(std::string_view json, StreamChunk& chunk);
  void read_block(std::optional<std::int64_t> number, std::string_view json, StreamChunk& chunk);
  void read_delta(std::int64_t number, std::string_view json, StreamChunk& chunk);
  void read_usage(std::string_view json, StreamChunk& chunk);
  bool is_open_call(std::int64_t block) const;
  void close_block(std::int64_t block);

  std::optional<std::string> message_id_;  // once the message has begun
  std::vector<std::int64_t> open_calls_;   // tool-use blocks whose arguments are not complete yet
  Usage usage_;
};

}  // namespace fabula::llm
