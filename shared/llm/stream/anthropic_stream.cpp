#include "shared/llm/stream/anthropic_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/raw_json.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

using json::RawMember;

constexpr std::array<std::string_view, 7> kEvents = {
    "message_start",       "message_delta",      "message_stop", "content_block_start",
    "content_block_delta", "content_block_stop", "error"};

// Appends the string and returns its raw contents.
std::string_view append_text(std::string& out, std::string_view json, StreamChunk& chunk) {
  const auto string = string_in(json);
  json::append_unescaped(out, string);
  chunk.has_lone_surrogates |= string.has_lone_surrogates;
  return string.contents;
}

// An input of {} is a placeholder for one that follows in pieces.
bool is_whole_input(std::string_view json) {
  json::Scanner scanner(json, json::LoneSurrogates::allowed);
  json::StringSpan key;
  return scanner.peek() == json::Kind::object && scanner.enter_object() && scanner.next_member(key);
}

bool read_count(std::int64_t& count, std::string_view json) {
  const auto number = text::parse_integer(json);
  if (!number || *number < 0) return false;
  count = *number;
  return true;
}

}  // namespace

void AnthropicStream::read_chunk(const sse::Event& event, StreamChunk& chunk) {
  std::array members = {RawMember{"type"},  RawMember{"index"},         RawMember{"message"},
                        RawMember{"delta"}, RawMember{"content_block"}, RawMember{"usage"},
                        RawMember{"error"}};
  const auto& [type, index, message, delta, block, usage, error] = members;
  if (!find_members(event.data, members)) {
    const bool is_unknown_event =
        event.type != "message" &&
        std::find(kEvents.begin(), kEvents.end(), event.type) == kEvents.end();
    if (is_unknown_event) return;
    chunk.problem = provider_problem(ErrorCode::provider_malformed, "a chunk is no JSON object");
    return;
  }

  const auto kind = type.value.empty() ? std::string(event.type) : text_in(type.value);
  const auto number = text::parse_integer(index.value).value_or(-1);
  if (kind == "content_block_delta") {
    read_delta(number, delta.value, chunk);
  } else if (kind == "content_block_start") {
    close_block(number);
    read_block(number, block.value, chunk);
  } else if (kind == "content_block_stop") {
    close_block(number);
  } else if (kind == "message_start") {
    read_message(message.value, chunk);
  } else if (kind == "message_delta") {
    std::array reason = {RawMember{"stop_reason"}};
    find_members(delta.value, reason);
    chunk.finish_reason = finish_reason_named(text_in(reason[0].value));
    read_usage(usage.value, chunk);
  } else if (kind == "message_stop") {
    chunk.is_last = true;
  }
  if (kind == "error" || !error.value.empty()) {
    if (auto problem = problem_in_chunk(event.data, kind == "error"))
      chunk.problem = std::move(problem);
    chunk.only_contents = {};
  }
  if (type.value.empty()) chunk.only_contents = {};  // the event's name gave the type
}

void AnthropicStream::read_answer(std::string_view json, StreamChunk& chunk) {
  std::array members = {RawMember{"type"}};
  if (!find_members(json, members) || text_in(members[0].value) != "message") return;
  read_message(json, chunk);
  chunk.is_last = true;
}

// A gateway may repeat the start of a message, or begin another one after losing the first.
void AnthropicStream::read_message(std::string_view json, StreamChunk& chunk) {
  std::array members = {RawMember{"id"}, RawMember{"content"}, RawMember{"stop_reason"},
                        RawMember{"usage"}};
  const auto& [id, content, stop_reason, usage] = members;
  find_members(json, members);
  auto message_id = text_in(id.value);
  if (message_id_) {
    if (*message_id_ == message_id) return;
    chunk.problem =
        provider_problem(ErrorCode::provider_malformed, "a message begins inside another one");
    chunk.is_last = true;
    return;
  }
  message_id_ = std::move(message_id);

  for_each_element(content.value,
                   [&](std::string_view block) { read_block(std::nullopt, block, chunk); });
  chunk.finish_reason = finish_reason_named(text_in(stop_reason.value));
  read_usage(usage.value, chunk);
}

// A block without a number is complete.
void AnthropicStream::read_block(std::optional<std::int64_t> number, std::string_view json,
                                 StreamChunk& chunk) {
  std::array members = {RawMember{"type"}, RawMember{"text"}, RawMember{"thinking"},
                        RawMember{"id"},   RawMember{"name"}, RawMember{"input"}};
  const auto& [type, text, thinking, id, name, input] = members;
  find_members(json, members);
  const auto kind = text_in(type.value);
  if (kind == "text") {
    append_text(chunk.text, text.value, chunk);
  } else if (kind == "thinking") {
    append_text(chunk.reasoning, thinking.value, chunk);
  } else if (kind == "tool_use") {
    ToolCallPiece piece;
    piece.number = number;
    piece.begins_call = true;
    piece.id = text_in(id.value);
    piece.name = text_in(name.value);
    const bool has_whole_input = is_whole_input(input.value);
    if (has_whole_input) piece.arguments = input.value;
    chunk.tool_calls.push_back(std::move(piece));
    if (number && !has_whole_input && open_calls_.size() < kMaximumToolCalls) {
      open_calls_.push_back(*number);
    }
  }
}

void AnthropicStream::read_delta(std::int64_t number, std::string_view json, StreamChunk& chunk) {
  std::array members = {RawMember{"type"}, RawMember{"text"}, RawMember{"thinking"},
                        RawMember{"partial_json"}};
  const auto& [type, text, thinking, partial_json] = members;
  find_members(json, members);
  const auto kind = text_in(type.value);
  if (kind == "text_delta") {
    chunk.only_contents = append_text(chunk.text, text.value, chunk);
  } else if (kind == "thinking_delta") {
    chunk.only_contents = append_text(chunk.reasoning, thinking.value, chunk);
  } else if (kind == "input_json_delta" && is_open_call(number)) {
    ToolCallPiece piece;
    piece.number = number;
    append_text(piece.arguments, partial_json.value, chunk);
    chunk.tool_calls.push_back(std::move(piece));
  }
}

// Each count is valid until a newer one arrives.
void AnthropicStream::read_usage(std::string_view json, StreamChunk& chunk) {
  std::array members = {
      RawMember{"input_tokens"}, RawMember{"output_tokens"}, RawMember{"cache_read_input_tokens"},
      RawMember{"cache_creation_input_tokens"}, RawMember{"output_tokens_details"}};
  const auto& [input, output, cached, cache_write, details] = members;
  find_members(json, members);
  std::array reasoning = {RawMember{"thinking_tokens"}};
  find_members(details.value, reasoning);
  const bool has_input = read_count(usage_.input_tokens, input.value);
  const bool has_output = read_count(usage_.output_tokens, output.value);
  read_count(usage_.cached_input_tokens, cached.value);
  read_count(usage_.cache_write_tokens, cache_write.value);
  read_count(usage_.reasoning_tokens, reasoning[0].value);
  if (has_input || has_output) chunk.usage = usage_;
}

bool AnthropicStream::is_open_call(std::int64_t block) const {
  return std::find(open_calls_.begin(), open_calls_.end(), block) != open_calls_.end();
}

void AnthropicStream::close_block(std::int64_t block) {
  const auto call = std::find(open_calls_.begin(), open_calls_.end(), block);
  if (call != open_calls_.end()) open_calls_.erase(call);
}

}  // namespace fabula::llm
