// Another reader of one Gemini response, as the decoder's differential tests need it: over a whole
// document instead of spans of text.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/text/utf8_repair.hpp"
#include "tests/unit/gemini_decoding.hpp"

namespace fabula::tests {

struct GeminiResponse {
  bool is_object = false;
  bool has_error = false;
  bool has_call_pieces = false;  // which are not read here
  std::string text;
  std::string reasoning;
  std::vector<GeminiCall> calls;
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage;
};

class GeminiOracle {
 public:
  static GeminiResponse read(std::string_view json) {
    GeminiResponse response;
    const auto document = json::parse(json::replace_lone_surrogates(json));
    if (!document || !document->is_object()) return response;
    response.is_object = true;
    read_candidates(response, member(*document, "candidates"));
    if (!string_at(member(*document, "promptFeedback"), "blockReason").empty()) {
      response.finish_reason = llm::FinishReason::content_filter;
    }
    read_usage(response, member(*document, "usageMetadata"));
    const auto* error = json::find(*document, "error");
    const bool is_silent =
        !error || error->is_null() || *error == false || *error == "" || is_plain_zero(*error);
    response.has_error = !is_silent || (!json::find(*document, "candidates") &&
                                        !string_at(*document, "message").empty());
    return response;
  }

 private:
  static json::Document member(const json::Document& object, std::string_view key) {
    const auto* value = json::find(object, key);
    return value ? *value : json::Document();
  }
  static std::string string_at(const json::Document& object, std::string_view key) {
    return std::string(json::string_at(object, key).value_or(""));
  }
  static bool is_plain_zero(const json::Document& value) {
    return value.is_number_unsigned() && value == 0;
  }

  static void read_candidates(GeminiResponse& response, const json::Document& candidates) {
    if (!candidates.is_array()) return;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& candidate = candidates[i];
      if (json::integer_at(candidate, "index").value_or(i == 0 ? 0 : 1) != 0) continue;
      const auto parts = member(member(candidate, "content"), "parts");
      if (parts.is_array()) {
        for (const auto& part : parts) read_part(response, part);
      }
      const auto reason = llm::finish_reason_named(string_at(candidate, "finishReason"));
      if (reason != llm::FinishReason::none) response.finish_reason = reason;
    }
  }

  static void read_part(GeminiResponse& response, const json::Document& part) {
    const bool is_thought = json::boolean_at(part, "thought").value_or(false);
    (is_thought ? response.reasoning : response.text) += string_at(part, "text");
    const auto call = member(part, "functionCall");
    const bool is_piece = json::find(call, "partialArgs") || json::find(call, "willContinue");
    response.has_call_pieces |= is_piece;
    if (is_piece || string_at(call, "name").empty()) return;
    const auto arguments = member(call, "args");
    response.calls.push_back({string_at(call, "id"), string_at(call, "name"),
                              arguments.is_object() ? json::dump(arguments) : "{}"});
  }

  static void read_usage(GeminiResponse& response, const json::Document& usage) {
    llm::Usage counts;
    const auto read = [&](std::string_view name, std::int64_t& count) {
      const auto number = json::integer_at(usage, name);
      if (!number || *number < 0) return;
      count = *number;
      response.usage = counts;
    };
    read("promptTokenCount", counts.input_tokens);
    read("candidatesTokenCount", counts.output_tokens);
    read("thoughtsTokenCount", counts.reasoning_tokens);
    read("cachedContentTokenCount", counts.cached_input_tokens);
  }
};

// Whether the decoder says the same of `json` as the only response of a body.
inline void check_against_oracle(std::string_view json) {
  // One line of UTF-8, as an event's data is; line ends mean nothing between JSON's tokens.
  std::string line;
  text::append_repaired(line, json);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string::npos || line.compare(first, 6, "[DONE]") == 0) return;
  const auto expected = GeminiOracle::read(line);
  if (expected.has_call_pieces) return;

  const auto answer = decode_gemini("data:" + line + "\r\n\r\n");
  const bool is_malformed =
      answer.summary.problem && answer.summary.problem->code == ErrorCode::provider_malformed;
  require(is_malformed != expected.is_object, "an object is read, and nothing else");
  require(answer.summary.finish_reason == expected.finish_reason, "the same finish reason");
  require(answer.summary.usage == expected.usage, "the same usage");
  require(answer.summary.complete ==
              (expected.finish_reason != llm::FinishReason::none && !expected.has_error),
          "complete when it is");
  require(answer.calls.size() == expected.calls.size(), "as many calls");
  for (std::size_t i = 0; i < answer.calls.size(); ++i) {
    require(answer.calls[i].id == expected.calls[i].id, "the same id");
    require(answer.calls[i].name == expected.calls[i].name, "the same name");
    const auto arguments = json::parse(answer.calls[i].arguments);
    require(arguments && json::dump(*arguments) == expected.calls[i].arguments,
            "the same arguments");
  }
  // Halves of a character that stand apart are put together, which the other reader does not.
  const bool has_surrogates = json::replace_lone_surrogates(line) != line;
  if (has_surrogates) return;
  require(answer.text == expected.text, "the same text");
  require(answer.reasoning == expected.reasoning, "the same thoughts");
}

}  // namespace fabula::tests
