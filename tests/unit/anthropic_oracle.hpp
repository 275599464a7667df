// The contents of an Anthropic stream, read the slow way: each payload as a document, everything
// kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/surrogate_joiner.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::tests {

class AnthropicOracle {
 public:
  // `payload`: of an event without a name.
  void read(std::string_view payload) {
    if (is_over) return;
    const auto document = json::parse(payload, json::LoneSurrogates::allowed);
    if (!document || !document->is_object()) {
      has_failed = true;
      return;
    }
    if (llm::reported_error(*document)) has_failed = true;
    const auto kind = text_at(*document, "type");
    const auto index = json::integer_at(*document, "index").value_or(-1);
    if (kind == "message_start") {
      begin(member(*document, "message"));
    } else if (kind == "content_block_start") {
      open_.erase(index);
      add_block(member(*document, "content_block"), index);
    } else if (kind == "content_block_delta") {
      add_delta(member(*document, "delta"), index);
    } else if (kind == "content_block_stop") {
      open_.erase(index);
    } else if (kind == "message_delta") {
      add_reason(member(*document, "delta"));
      add_usage(member(*document, "usage"));
    } else if (kind == "message_stop") {
      is_over = true;
    } else if (kind == "error") {
      has_failed = true;
    }
  }

  std::string text() const { return joined(text_); }
  std::string reasoning() const { return joined(reasoning_); }
  // Inputs that arrived whole are serialized again.
  std::vector<llm::ToolCall> calls() const {
    auto calls = calls_;
    for (auto& call : calls) call.arguments = joined(call.arguments);
    return calls;
  }

  bool is_over = false;
  bool has_failed = false;
  llm::FinishReason reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage;

 private:
  static json::Document member(const json::Document& object, std::string_view key) {
    const auto* value = json::find(object, key);
    return value ? *value : json::Document();
  }
  static std::string text_at(const json::Document& object, std::string_view key) {
    return std::string(json::string_at(object, key).value_or(""));
  }
  static std::string joined(const std::string& wtf8) {
    return std::string(llm::SurrogateJoiner().join(wtf8, true));
  }
  static std::string repaired(const std::string& wtf8) {
    std::string text;
    text::append_repaired(text, wtf8);
    return text;
  }

  void begin(const json::Document& message) {
    const auto id = text_at(message, "id");
    if (id_ && *id_ == id) return;
    if (id_) {
      has_failed = is_over = true;
      return;
    }
    id_ = id;
    const auto content = member(message, "content");
    if (content.is_array()) {
      for (const auto& block : content) add_block(block, std::nullopt);
    }
    add_reason(message);
    add_usage(member(message, "usage"));
  }

  void add_block(const json::Document& block, std::optional<std::int64_t> index) {
    const auto kind = text_at(block, "type");
    if (kind == "text") text_ += text_at(block, "text");
    if (kind == "thinking") reasoning_ += text_at(block, "thinking");
    if (kind != "tool_use") return;
    const auto id = text_at(block, "id");
    const auto name = text_at(block, "name");
    if (id.empty() && name.empty()) return;
    const auto input = member(block, "input");
    const bool is_whole = input.is_object() && !input.empty();
    if (index && !is_whole) open_[*index] = calls_.size();
    calls_.push_back({repaired(id), repaired(name), is_whole ? json::dump(input) : ""});
  }

  void add_delta(const json::Document& delta, std::int64_t index) {
    const auto kind = text_at(delta, "type");
    if (kind == "text_delta") text_ += text_at(delta, "text");
    if (kind == "thinking_delta") reasoning_ += text_at(delta, "thinking");
    const auto call = open_.find(index);
    if (kind != "input_json_delta" || call == open_.end()) return;
    calls_[call->second].arguments += text_at(delta, "partial_json");
  }

  void add_reason(const json::Document& object) {
    const auto word = text_at(object, "stop_reason");
    if (word.empty()) return;
    reason = llm::finish_reason_named(word);
    if (word == "error") has_failed = true;
  }

  void add_usage(const json::Document& object) {
    const auto count = [&](const json::Document& counts, std::string_view key,
                           std::int64_t& known) {
      const auto number = json::integer_at(counts, key).value_or(-1);
      if (number >= 0) known = number;
      return number >= 0;
    };
    const bool has_input = count(object, "input_tokens", usage_.input_tokens);
    const bool has_output = count(object, "output_tokens", usage_.output_tokens);
    count(object, "cache_read_input_tokens", usage_.cached_input_tokens);
    count(object, "cache_creation_input_tokens", usage_.cache_write_tokens);
    count(member(object, "output_tokens_details"), "thinking_tokens", usage_.reasoning_tokens);
    if (has_input || has_output) usage = usage_;
  }

  std::string text_;
  std::string reasoning_;
  std::vector<llm::ToolCall> calls_;
  std::map<std::int64_t, std::size_t> open_;
  std::optional<std::string> id_;
  llm::Usage usage_;
};

}  // namespace fabula::tests
