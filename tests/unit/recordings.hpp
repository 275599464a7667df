// The recorded model streams of tests/fixtures, with the framing that the recording left out put
// back in the ways that providers use.
#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/llm/stream/stream.hpp"

namespace fabula::tests {

inline constexpr std::string_view kOpenAiRecordings[] = {
    "openai-text", "deepseek-text", "deepseek-reasoning", "groq-text", "mistral-text", "xai-text"};

inline constexpr std::string_view kAnthropicRecordings[] = {"anthropic-text", "anthropic-refusal"};

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline std::string read_fixture(const std::string& file) {
  return read_file(std::string(FABULA_SOURCE_DIR) + "/tests/fixtures/" + file);
}

// The payloads of a recording's `data:` fields.
inline std::vector<std::string> payloads(std::string_view recording) {
  const std::string text = read_fixture(std::string(recording) + ".chunks.txt");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

struct Framing {
  std::string_view line_end = "\n";
  bool has_comments = false;
  bool has_end_marker = true;
  bool has_event_names = false;  // for Anthropic: the payload's type
};

inline std::string framed(const std::vector<std::string>& data, const Framing& framing = {}) {
  const std::string line_end(framing.line_end);
  std::string body;
  const auto add = [&](std::string_view line) { body.append(line).append(line_end); };
  for (const auto& payload : data) {
    if (framing.has_comments) add(": OPENROUTER PROCESSING" + line_end);
    if (framing.has_event_names) {
      const auto document = json::parse(payload).value_or(json::Document());
      add("event: " + std::string(json::string_at(document, "type").value_or("")));
    }
    add("data: " + payload + line_end);
  }
  if (framing.has_end_marker) add("data: [DONE]" + line_end);
  return body;
}

struct Expected {
  std::string text;
  std::string reasoning;
  std::string finish_reason;  // our name
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

inline Expected expected_of(std::string_view recording) {
  const auto all = json::parse(read_fixture("expected.json")).value_or(json::Document());
  const json::Document& entry = *json::find(all, recording);
  const json::Document& usage = *json::find(entry, "usage");
  const bool is_anthropic = json::string_at(entry, "wire") == std::string_view("anthropic");
  return {
      std::string(json::string_at(entry, "text").value_or("")),
      std::string(json::string_at(entry, "reasoning").value_or("")),
      std::string(
          llm::name(llm::finish_reason_named(json::string_at(entry, "finish").value_or("")))),
      json::integer_at(usage, is_anthropic ? "input_tokens" : "prompt_tokens").value_or(-1),
      json::integer_at(usage, is_anthropic ? "output_tokens" : "completion_tokens").value_or(-1)};
}

}  // namespace fabula::tests
