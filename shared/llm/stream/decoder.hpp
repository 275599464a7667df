// Decodes a model's streamed answer from body bytes cut anywhere, whichever wire format it has.
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

  // True after the format's own end marker: nothing that follows matters, the body need not be read
  // to its end.
  virtual bool ended() const = 0;

  // True once the provider has said why it ends; only usage, if anything, still follows.
  virtual bool has_finish_reason() const = 0;

  // True after an error or an unreadable chunk: the answer will not be complete.
  virtual bool failed() const = 0;

  // Text has come that is not told yet, because it may turn out to be reasoning.
  virtual bool is_holding() const { return false; }

  // Says how it ended; call it once, when the body is over or given up.
  virtual StreamSummary finish() = 0;
};

// Reasoning that the model writes into the beginning of its text is told as reasoning, and text is
// told from its first word on (thought_splitter.hpp). An event larger than `maximum_event_bytes` is
// a fault: what is held back of the body is never more.
std::unique_ptr<StreamDecoder> make_decoder(
    WireFormat format, std::size_t maximum_event_bytes = sse::kMaximumEventBytes);

// The same for a model whose form of reasoning in the text is known; above it is `tagged`, and
// `likely_untagged` for the format that servers of open models speak.
std::unique_ptr<StreamDecoder> make_decoder(
    WireFormat format, ThoughtForm thoughts,
    std::size_t maximum_event_bytes = sse::kMaximumEventBytes);

}  // namespace fabula::llm
