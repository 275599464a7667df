// Decodes a model's streamed answer in any wire format, from body bytes that may be cut anywhere.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/thought_splitter.hpp"
#include "shared/llm/stream/wire_format.hpp"
#include "shared/sse/decoder.hpp"

namespace fabula::llm {

class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;

  // Takes the next bytes of the body and calls `sink` for each part of the reply in them.
  virtual void feed(std::string_view bytes, StreamSink& sink) = 0;

  // True after the format's own end marker: the rest is irrelevant, and the body need not be read
  // to its end.
  virtual bool ended() const = 0;

  // True once the provider has given the finish reason; at most usage still follows.
  virtual bool has_finish_reason() const = 0;

  // True after an error or an unreadable chunk: the answer will not be complete.
  virtual bool failed() const = 0;

  // Text is held back, because it may turn out to be reasoning.
  virtual bool is_holding() const { return false; }

  // Returns how the answer ended; call it once, when the body has ended or is abandoned.
  virtual StreamSummary finish() = 0;
};

// Reasoning at the beginning of the model's text is passed on as reasoning, and text from its first
// word on (thought_splitter.hpp). An event larger than `maximum_event_bytes` is a fault, which
// limits how much of the body is buffered.
std::unique_ptr<StreamDecoder> make_decoder(
    WireFormat format, std::size_t maximum_event_bytes = sse::kMaximumEventBytes);

// For a model whose form of reasoning in the text is known; the function above uses `tagged`, or
// `likely_untagged` for the format of servers of open models.
std::unique_ptr<StreamDecoder> make_decoder(
    WireFormat format, ThoughtForm thoughts,
    std::size_t maximum_event_bytes = sse::kMaximumEventBytes);

}  // namespace fabula::llm
