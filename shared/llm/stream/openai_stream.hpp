// Decodes the streamed answer of an OpenAI-compatible chat completions API, including the
// deviations of providers that copy it. Choice 0 is the answer. The first finish_reason or `[DONE]`
// is its end; without either it is incomplete.
#pragma once

#include "shared/llm/stream/event_stream.hpp"

namespace fabula::llm {

class OpenAiStream final : public EventStream {
 public:
  explicit OpenAiStream(std::size_t maximum_event_bytes = sse::kMaximumEventBytes)
      : EventStream({.by_done_marker = true, .by_finish_reason = true, .by_first_reason = true},
                    maximum_event_bytes) {}

 private:
  void read_chunk(const sse::Event& event, StreamChunk& chunk) override;
  void read_answer(std::string_view json, StreamChunk& chunk) override;
};

}  // namespace fabula::llm
