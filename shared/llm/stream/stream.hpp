// The output of every decoder of a model's streamed answer, whichever wire format it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

enum class FinishReason : std::uint8_t {
  none,  // the provider has given none
  stop,
  length,
  tool_calls,
  content_filter,
  refusal,
  error,
  other,
};

// The name for rows and callers; "" for none.
std::string_view name(FinishReason reason);

// Maps the providers' words, of all wire formats, to ours; unknown words are `other`.
FinishReason finish_reason_named(std::string_view provider_word);

// Token counts as the provider last reported them. Whether output_tokens includes reasoning, and
// input_tokens cached tokens, depends on the provider: OpenAI's do; Anthropic's input excludes
// tokens read from or written to the cache, Gemini's output excludes reasoning.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::int64_t cached_input_tokens = 0;
  std::int64_t cache_write_tokens = 0;  // input tokens written to the cache (Anthropic)
  std::optional<double> cost_usd = {};  // if the provider reports it (OpenRouter)

  bool operator==(const Usage&) const = default;
};

// A part of a tool call that we must run. Calls that a provider runs itself are not reported.
struct ToolCallPart {
  std::size_t index = 0;       // 0, 1, 2 by first appearance, whatever numbers the provider uses
  std::string_view id = {};    // once, when it becomes known, else empty; some providers have none
  std::string_view name = {};  // the function's name: once, when it becomes known, else empty
  std::string_view arguments = {};  // the next piece of the raw JSON text, unchecked
  // A text that the provider wants back unchanged with the call; comes with the name, else empty.
  std::string_view signature = {};
};

// Receives an answer while it is decoded. Each text is valid UTF-8, not empty, made of whole
// characters, and valid only during the call.
class StreamSink {
 public:
  // A part of the reply; the text of a refusal counts as a reply.
  virtual void on_text(std::string_view text) = 0;
  // A part of the model's reasoning, which is not part of the reply.
  virtual void on_reasoning(std::string_view text) { static_cast<void>(text); }
  // A part of a tool call; at least one of its texts is not empty.
  virtual void on_tool_call(const ToolCallPart& part) { static_cast<void>(part); }

 protected:
  ~StreamSink() = default;
};

struct StreamSummary {
  // The provider's own end marker arrived, and no error was reported.
  bool complete = false;
  FinishReason finish_reason = FinishReason::none;
  std::optional<Usage> usage;
  // Why the answer is incomplete: provider_incomplete (the stream just ended), provider_malformed,
  // or the error that the provider reported, with its own words in `cause`. Nothing when complete.
  std::optional<Problem> problem;
};

}  // namespace fabula::llm
