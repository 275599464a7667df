#include "shared/llm/stream/gemini_stream.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/raw_json.hpp"
#include "shared/llm/stream/unframed_error.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

using json::RawMember;

constexpr std::string_view kEndMarker = "[DONE]";
constexpr std::string_view kTooLarge = "an event is too large";

struct Count {
  std::string_view name;
  std::int64_t Usage::* count;
};

constexpr std::array kCounts = {
    Count{"promptTokenCount", &Usage::input_tokens},
    Count{"candidatesTokenCount", &Usage::output_tokens},
    Count{"thoughtsTokenCount", &Usage::reasoning_tokens},
    Count{"cachedContentTokenCount", &Usage::cached_input_tokens},
};

}  // namespace

void GeminiStream::feed(std::string_view bytes, StreamSink& sink) {
  if (framing_ == Framing::unknown) recognise(bytes);
  if (framing_ == Framing::json) {
    read_objects(bytes, sink);
  } else {
    read_events(bytes, sink);
  }
}

void GeminiStream::recognise(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos) return;
  const bool is_json = bytes[first] == '{' || bytes[first] == '[';
  framing_ = is_json ? Framing::json : Framing::events;
}

void GeminiStream::read_events(std::string_view bytes, StreamSink& sink) {
  decoder_.feed(bytes);
  sse::Event event;
  while (!ended_ && decoder_.next(event)) {
    const auto begin = event.data.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) continue;
    has_events_ = true;
    ended_ = event.data.substr(begin, kEndMarker.size()) == kEndMarker;
    if (ended_) return;
    read_response(event.data, sink);
    if (event.type == "error") {
      fail(provider_problem(ErrorCode::provider_error, "an event of type error"));
    }
  }
  if (decoder_.is_too_large()) fail(provider_problem(ErrorCode::provider_malformed, kTooLarge));
}

void GeminiStream::read_objects(std::string_view bytes, StreamSink& sink) {
  objects_.feed(bytes);
  std::string_view object;
  while (objects_.next(object)) read_response(object, sink);
  if (objects_.is_too_large()) fail(provider_problem(ErrorCode::provider_malformed, kTooLarge));
}

void GeminiStream::read_response(std::string_view json, StreamSink& sink) {
  RawMember members[] = {
      {"candidates"}, {"promptFeedback"}, {"usageMetadata"}, {"error"}, {"message"}};
  if (!find_members(json, members)) {
    return fail(provider_problem(ErrorCode::provider_malformed, "a chunk is no JSON object"));
  }
  const auto& [candidates, feedback, usage, error, message] = members;

  bool is_first = true;
  for_each_element(candidates.value, [&](std::string_view candidate) {
    read_candidate(candidate, std::exchange(is_first, false), sink);
  });
  RawMember block_reason[] = {{"blockReason"}};
  find_members(feedback.value, block_reason);
  if (!string_in(block_reason[0].value).contents.empty()) {
    summary_.finish_reason = FinishReason::content_filter;
  }
  read_usage(usage.value);
  // A gateway's own error is the whole document.
  const bool is_error = candidates.value.empty() && !string_in(message.value).contents.empty();
  if (is_error || !error.value.empty()) {
    if (auto problem = problem_in_chunk(json, is_error)) fail(std::move(*problem));
  }
}

void GeminiStream::read_candidate(std::string_view json, bool is_first, StreamSink& sink) {
  RawMember members[] = {{"index"}, {"content"}, {"finishReason"}};
  find_members(json, members);
  const auto& [index, content, finish_reason] = members;
  if (text::parse_integer(index.value).value_or(is_first ? 0 : 1) != 0) return;

  RawMember parts[] = {{"parts"}};
  find_members(content.value, parts);
  for_each_element(parts[0].value, [&](std::string_view part) { read_part(part, sink); });

  const auto reason = finish_reason_named(text_in(finish_reason.value));
  if (reason == FinishReason::none) return;
  calls_.close(sink);
  summary_.finish_reason = reason;
}

void GeminiStream::read_part(std::string_view json, StreamSink& sink) {
  RawMember members[] = {{"text"}, {"thought"}, {"functionCall"}, {"thoughtSignature"}};
  find_members(json, members);
  const auto& [text, thought, call, signature] = members;

  const auto string = string_in(text.value);
  text_.clear();
  json::append_unescaped(text_, string);
  if (thought.value == "true") {
    const auto joined = thought_joiner_.join(text_, string.has_lone_surrogates);
    if (!joined.empty()) sink.on_reasoning(joined);
  } else {
    const auto joined = text_joiner_.join(text_, string.has_lone_surrogates);
    if (!joined.empty()) sink.on_text(joined);
  }
  if (!call.value.empty()) {
    if (auto problem = calls_.read(call.value, signature.value, sink)) fail(std::move(*problem));
  }
  goes_on_ |= has_reason() && !(text_.empty() && call.value.empty());
}

// The stream's last response may lack a count that an earlier one had.
void GeminiStream::read_usage(std::string_view json) {
  std::array<RawMember, kCounts.size()> members;
  for (std::size_t i = 0; i < kCounts.size(); ++i) members[i].key = kCounts[i].name;
  find_members(json, members);
  auto usage = summary_.usage.value_or(Usage());
  for (std::size_t i = 0; i < kCounts.size(); ++i) {
    const auto count = text::parse_integer(members[i].value).value_or(-1);
    if (count < 0) continue;
    usage.*kCounts[i].count = count;
    summary_.usage = usage;
  }
}

// Later faults follow from the first one, so only that is kept.
void GeminiStream::fail(Problem problem) {
  if (!summary_.problem) summary_.problem = std::move(problem);
}

StreamSummary GeminiStream::finish() {
  if (framing_ != Framing::json) {
    if (auto problem = unframed_error(decoder_.ignored_text(), has_events_)) {
      fail(std::move(*problem));
    }
  }
  summary_.complete = has_reason() && !summary_.problem;
  if (!has_reason()) fail(provider_problem(ErrorCode::provider_incomplete, "no finish reason"));
  return std::move(summary_);
}

}  // namespace fabula::llm
