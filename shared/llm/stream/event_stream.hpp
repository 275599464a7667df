// The common part of the decoders of all wire formats: it reads events from the body, passes parts
// of the reply to the sink, and determines how the answer ended. A format adds how one chunk is
// read.
//
// An error makes an answer incomplete wherever it is: in a chunk, as `event: error`, in an `error:`
// field, or as a JSON body that is no event stream at all. The text before it stays valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/llm/stream/chunk_shape.hpp"
#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/json_objects.hpp"
#include "shared/llm/stream/stream_chunk.hpp"
#include "shared/llm/stream/surrogate_joiner.hpp"
#include "shared/llm/stream/tool_call_joiner.hpp"
#include "shared/sse/decoder.hpp"

namespace fabula::llm {

// How a format marks the end of an answer, besides StreamChunk::is_last.
struct StreamEnds {
  bool by_done_marker = false;  // `[DONE]`
  bool by_finish_reason = false;
  bool by_first_reason = false;  // of several finish reasons the first counts, not the last
};

class EventStream : public StreamDecoder {
 public:
  void feed(std::string_view bytes, StreamSink& sink) final;
  bool ended() const final { return ended_; }
  bool has_finish_reason() const final { return summary_.finish_reason != FinishReason::none; }
  bool failed() const final { return summary_.problem.has_value(); }
  StreamSummary finish() final;

 protected:
  EventStream(StreamEnds ends, std::size_t maximum_event_bytes)
      : ends_(ends), decoder_(maximum_event_bytes), objects_(maximum_event_bytes) {}

  // Reads a chunk whose shape differs from the last one's. `event.data` has no leading blank;
  // `chunk` is clear.
  virtual void read_chunk(const sse::Event& event, StreamChunk& chunk) = 0;

  // Reads a whole answer, in the API's format for requests without a stream; some servers send it
  // to all. `json` is one JSON object; `chunk` is clear, and is_last is set for an answer.
  virtual void read_answer(std::string_view json, StreamChunk& chunk) = 0;

 private:
  // A body that begins with a brace is no event stream, unless events follow.
  enum class BodyBegin : std::uint8_t { unknown, json, other };

  void read_event(sse::Event event, StreamSink& sink);
  void read_whole(std::string_view bytes, StreamSink& sink);
  void note_end(std::string_view event_type);
  void read_any_shape(const sse::Event& event);
  void tell(StreamSink& sink);
  void fail(Problem problem);

  StreamEnds ends_;
  sse::Decoder decoder_;
  JsonObjects objects_;
  BodyBegin begin_ = BodyBegin::unknown;
  StreamChunk chunk_;
  ChunkShape shape_;
  bool shape_is_reasoning_ = false;
  SurrogateJoiner text_joiner_;
  SurrogateJoiner reasoning_joiner_;
  ToolCallJoiner tool_call_joiner_;
  StreamSummary summary_;
  bool has_events_ = false;
  bool ended_ = false;
};

}  // namespace fabula::llm
