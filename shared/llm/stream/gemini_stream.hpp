// Decodes the streamed answer of Gemini's streamGenerateContent from body bytes cut anywhere: each
// event is a whole response with the next part of the answer. A body without `alt=sse`, which is
// one JSON array of such responses (or one of them, or one error), is decoded too.
//
// Candidate 0 is the answer. Its last finishReason counts, as some models give one in every
// response, and any blockReason is content_filter; either ends an answer, without both it is
// incomplete. An error makes it incomplete wherever it is: in a response, or as a JSON body.
// Thoughts are not included in `output_tokens` here: they have their own number.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/gemini_calls.hpp"
#include "shared/llm/stream/json_objects.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/surrogate_joiner.hpp"
#include "shared/sse/decoder.hpp"

namespace fabula::llm {

class GeminiStream final : public StreamDecoder {
 public:
  explicit GeminiStream(std::size_t maximum_event_bytes = sse::kMaximumEventBytes)
      : decoder_(maximum_event_bytes), objects_(maximum_event_bytes) {}

  void feed(std::string_view bytes, StreamSink& sink) override;

  // The format has no end marker; only proxies add `[DONE]`.
  bool ended() const override { return ended_; }

  // False for models that give a reason and continue: their only end is that of the body.
  bool has_finish_reason() const override { return has_reason() && !goes_on_; }

  bool failed() const override { return summary_.problem.has_value(); }

  StreamSummary finish() override;

 private:
  // A body is read as events until its first character shows that it is JSON.
  enum class Framing { unknown, events, json };

  bool has_reason() const { return summary_.finish_reason != FinishReason::none; }
  void recognise(std::string_view bytes);
  void read_events(std::string_view bytes, StreamSink& sink);
  void read_objects(std::string_view bytes, StreamSink& sink);
  void read_response(std::string_view json, StreamSink& sink);
  void read_candidate(std::string_view json, bool is_first, StreamSink& sink);
  void read_part(std::string_view json, StreamSink& sink);
  void read_usage(std::string_view json);
  void fail(Problem problem);

  Framing framing_ = Framing::unknown;
  sse::Decoder decoder_;
  JsonObjects objects_;
  GeminiCalls calls_;
  SurrogateJoiner text_joiner_;
  SurrogateJoiner thought_joiner_;
  std::string text_;  // of one part; kept so that it is allocated once
  StreamSummary summary_;
  bool has_events_ = false;
  bool goes_on_ = false;
  bool ended_ = false;
};

}  // namespace fabula::llm
