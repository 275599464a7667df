#include "shared/llm/openai_stream.hpp"

#include <algorithm>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/llm/failure.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kEndMarker = "[DONE]";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(kBlanks)));
}

// The JSON object that stands in `text`, if the first and the last brace enclose one.
std::optional<json::Document> object_within(std::string_view text) {
  const auto begin = text.find('{');
  const auto end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  if (end < begin) return std::nullopt;
  auto document = json::parse(text.substr(begin, end - begin + 1));
  if (!document || !document->is_object()) return std::nullopt;
  return std::move(*document);
}

}  // namespace

void OpenAiStream::feed(std::string_view bytes, StreamSink& sink) {
  if (ended_) return;
  decoder_.feed(bytes);
  sse::Event event;
  while (!ended_ && decoder_.next(event)) read_event(event, sink);
  if (decoder_.is_too_large()) {
    fail(provider_problem(ErrorCode::provider_malformed, "an event is larger than 1 MiB"));
  }
}

void OpenAiStream::read_chunk(std::string_view json) {
  chunk_.clear();
  if (const auto string = shape_.match(json)) {
    json::append_unescaped(shape_is_reasoning_ ? chunk_.reasoning : chunk_.text, *string);
    chunk_.has_lone_surrogates = string->has_lone_surrogates;
    return;
  }
  if (!read_usual_chunk(json, chunk_)) {
    chunk_.clear();
    read_any_chunk(json, chunk_);
  } else if (!chunk_.only_contents.empty()) {
    shape_.remember(json, chunk_.only_contents);
    shape_is_reasoning_ = chunk_.text.empty();
  }
}

void OpenAiStream::read_event(const sse::Event& event, StreamSink& sink) {
  const auto data = without_leading_blanks(event.data);
  if (data.empty()) return;
  has_events_ = true;
  if (data.substr(0, kEndMarker.size()) == kEndMarker) {
    ended_ = true;
    return;
  }
  read_chunk(data);

  const auto reasoning = reasoning_joiner_.join(chunk_.reasoning, chunk_.has_lone_surrogates);
  if (!reasoning.empty()) sink.on_reasoning(reasoning);
  const auto text = text_joiner_.join(chunk_.text, chunk_.has_lone_surrogates);
  if (!text.empty()) sink.on_text(text);

  if (summary_.finish_reason == FinishReason::none) summary_.finish_reason = chunk_.finish_reason;
  if (chunk_.usage) summary_.usage = chunk_.usage;
  if (chunk_.problem) {
    fail(std::move(*chunk_.problem));
  } else if (event.type == "error") {
    fail(provider_problem(ErrorCode::provider_error, "an event of type error"));
  } else if (chunk_.finish_reason == FinishReason::error) {
    fail(provider_problem(ErrorCode::provider_error, "finish_reason is error"));
  }
}

// The first fault is the cause of those after it.
void OpenAiStream::fail(Problem problem) {
  if (!summary_.problem) summary_.problem = std::move(problem);
}

// llama.cpp up to 2025 wrote `error: {...}`, and gateways pass a JSON error on as it is: both are
// lines that an event stream's reader ignores.
void OpenAiStream::read_ignored_text() {
  const std::string text = decoder_.ignored_text();
  if (text.empty()) return;
  if (const auto document = object_within(text)) {
    const auto* error = json::find(*document, "error");
    if (error && !error->is_null()) return fail(classify_reported_error(*error));
    if (json::find(*document, "message") || json::find(*document, "detail")) {
      return fail(classify_reported_error(*document));
    }
  }
  if (!has_events_) {
    // The text itself may be a whole reply, which no log should hold.
    fail(provider_problem(ErrorCode::provider_malformed, "the body is no event stream"));
  }
}

StreamSummary OpenAiStream::finish() {
  read_ignored_text();
  const bool has_end = ended_ || summary_.finish_reason != FinishReason::none;
  summary_.complete = has_end && !summary_.problem;
  if (!has_end) fail(provider_problem(ErrorCode::provider_incomplete, "no end marker"));
  return std::move(summary_);
}

}  // namespace fabula::llm
