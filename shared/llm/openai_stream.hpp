// Decodes the streamed answer of an OpenAI-compatible chat completions API from body bytes cut
// anywhere, with the habits of the providers that copy it. Choice 0 is the answer; tool calls are
// passed over.
//
// The first finish_reason or `[DONE]` is the end of an answer; without either it is incomplete. An
// error makes it incomplete wherever it stands: in a chunk, as `event: error`, in an `error:`
// field, or as a JSON body that is no event stream at all. The text before it stays valid.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/chunk_shape.hpp"
#include "shared/llm/openai_chunk.hpp"
#include "shared/llm/stream.hpp"
#include "shared/llm/surrogate_joiner.hpp"
#include "shared/sse/decoder.hpp"

namespace fabula::llm {

class OpenAiStream {
 public:
  // Takes the next bytes of the body and calls `sink` for each part of the reply in them.
  void feed(std::string_view bytes, StreamSink& sink);

  // True after `[DONE]`: nothing that follows matters, the body need not be read to its end.
  bool ended() const { return ended_; }

  // True once the provider has said why it ends; only usage, if anything, still follows.
  bool has_finish_reason() const { return summary_.finish_reason != FinishReason::none; }

  // True after an error or an unreadable chunk: the answer will not be complete.
  bool failed() const { return summary_.problem.has_value(); }

  // Says how it ended; call it once, when the body is over or given up.
  StreamSummary finish();

 private:
  void read_chunk(std::string_view json);
  void read_event(const sse::Event& event, StreamSink& sink);
  void read_ignored_text();
  void fail(Problem problem);

  sse::Decoder decoder_;
  OpenAiChunk chunk_;
  ChunkShape shape_;
  bool shape_is_reasoning_ = false;
  SurrogateJoiner text_joiner_;
  SurrogateJoiner reasoning_joiner_;
  StreamSummary summary_;
  bool has_events_ = false;
  bool ended_ = false;
};

}  // namespace fabula::llm
