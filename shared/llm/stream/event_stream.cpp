#include "shared/llm/stream/event_stream.hpp"

#include <algorithm>
#include <utility>

#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/unframed_error.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kDoneMarker = "[DONE]";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(kBlanks)));
}

}  // namespace

void EventStream::feed(std::string_view bytes, StreamSink& sink) {
  if (ended_) return;
  if (begin_ != BodyBegin::other) read_whole(bytes, sink);
  if (ended_) return;
  decoder_.feed(bytes);
  sse::Event event;
  while (!ended_ && decoder_.next(event)) read_event(event, sink);
  if (decoder_.is_too_large()) {
    fail(provider_problem(ErrorCode::provider_malformed, "an event is too large"));
  }
}

// Reads the single object of an answer; text after it is irrelevant.
void EventStream::read_whole(std::string_view bytes, StreamSink& sink) {
  if (begin_ == BodyBegin::unknown) {
    const auto rest = without_leading_blanks(bytes);
    if (rest.empty()) return;
    begin_ = rest.front() == '{' ? BodyBegin::json : BodyBegin::other;
    if (begin_ == BodyBegin::other) return;
  }
  objects_.feed(bytes);
  std::string_view object;
  if (!objects_.next(object)) return;
  begin_ = BodyBegin::other;
  chunk_.clear();
  read_answer(object, chunk_);
  // unframed_error() handles errors and unknown objects.
  if (!chunk_.is_last || chunk_.problem) return;
  has_events_ = true;
  tell(sink);
  note_end({});
}

void EventStream::read_any_shape(const sse::Event& event) {
  chunk_.clear();
  if (const auto string = shape_.match(event.data)) {
    json::append_unescaped(shape_is_reasoning_ ? chunk_.reasoning : chunk_.text, *string);
    chunk_.has_lone_surrogates = string->has_lone_surrogates;
    return;
  }
  read_chunk(event, chunk_);
  if (!chunk_.only_contents.empty()) {
    shape_.remember(event.data, chunk_.only_contents, chunk_.ignored_contents);
    shape_is_reasoning_ = chunk_.text.empty();
  }
}

void EventStream::read_event(sse::Event event, StreamSink& sink) {
  event.data = without_leading_blanks(event.data);
  if (event.data.empty()) return;
  has_events_ = true;
  if (event.data.substr(0, kDoneMarker.size()) == kDoneMarker) {
    ended_ = ends_.by_done_marker;
    return;
  }
  read_any_shape(event);
  tell(sink);
  note_end(event.type);
}

// Notes what the chunk says about the end of the answer.
void EventStream::note_end(std::string_view event_type) {
  const bool has_reason = chunk_.finish_reason != FinishReason::none;
  if (has_reason && !(ends_.by_first_reason && has_finish_reason())) {
    summary_.finish_reason = chunk_.finish_reason;
  }
  if (chunk_.usage) summary_.usage = chunk_.usage;
  if (chunk_.problem) {
    fail(std::move(*chunk_.problem));
  } else if (event_type == "error") {
    fail(provider_problem(ErrorCode::provider_error, "an event of type error"));
  } else if (chunk_.finish_reason == FinishReason::error) {
    fail(provider_problem(ErrorCode::provider_error, "finish_reason is error"));
  }
  ended_ = chunk_.is_last;
}

void EventStream::tell(StreamSink& sink) {
  const auto reasoning = reasoning_joiner_.join(chunk_.reasoning, chunk_.has_lone_surrogates);
  if (!reasoning.empty()) sink.on_reasoning(reasoning);
  const auto text = text_joiner_.join(chunk_.text, chunk_.has_lone_surrogates);
  if (!text.empty()) sink.on_text(text);
  for (const auto& piece : chunk_.tool_calls) {
    if (!tool_call_joiner_.join(piece, sink)) {
      fail(provider_problem(ErrorCode::provider_malformed, "more than 256 tool calls"));
    }
  }
}

// Later faults follow from the first one, so only that is kept.
void EventStream::fail(Problem problem) {
  if (!summary_.problem) summary_.problem = std::move(problem);
}

StreamSummary EventStream::finish() {
  if (auto problem = unframed_error(decoder_.ignored_text(), has_events_))
    fail(std::move(*problem));
  const bool has_end = ended_ || (ends_.by_finish_reason && has_finish_reason());
  summary_.complete = has_end && !summary_.problem;
  if (!has_end) fail(provider_problem(ErrorCode::provider_incomplete, "no end marker"));
  return std::move(summary_);
}

}  // namespace fabula::llm
