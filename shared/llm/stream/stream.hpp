// What every decoder of a model's streamed answer gives, whichever wire format it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

enum class FinishReason : std::uint8_t {
  none,  // the provider has not said
  stop,
  length,
  tool_calls,
  content_filter,
  refusal,
  error,
  other,
};

// As it is written into rows and shown to callers; "" for none.
std::string_view name(FinishReason reason);

// The providers' own words, of all wire formats, to ours; unknown ones are `other`.
FinishReason finish_reason_named(std::string_view provider_word);

// As the provider's last statement counts them. Whether reasoning is part of output_tokens and
// cached of input_tokens is the provider's affair: it is with OpenAI; Anthropic's input is without
// what was cached or put into the cache, Gemini's output without the reasoning.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::int64_t cached_input_tokens = 0;
  std::int64_t cache_write_tokens = 0;  // of the input, what was put into the cache (Anthropic)
  std::optional<double> cost_usd = {};  // where the provider says it (OpenRouter)

  bool operator==(const Usage&) const = default;
};

// A part of a call that the model asks of us. Calls that a provider makes itself are not told.
struct ToolCallPart {
  std::size_t index = 0;       // 0, 1, 2 by first appearance, whatever the provider's numbers are
  std::string_view id = {};    // when it is first known, else empty; some providers have none
  std::string_view name = {};  // of the function; when it is first known, else empty
  std::string_view arguments = {};  // the next piece of the raw JSON text, unchecked
  // What the provider wants back with the call, as it stands; with the name, else empty.
  std::string_view signature = {};
};

// Receives an answer while it is decoded. Each text is valid UTF-8, not empty, ends with a whole
// character, and is gone when the call returns.
class StreamSink {
 public:
  // A part of the reply. A refusal in words is a reply too.
  virtual void on_text(std::string_view text) = 0;
  // A part of what the model thinks aloud; not for the reader of the reply.
  virtual void on_reasoning(std::string_view text) { static_cast<void>(text); }
  // A part of a call; of its three texts at least one is not empty.
  virtual void on_tool_call(const ToolCallPart& part) { static_cast<void>(part); }

 protected:
  ~StreamSink() = default;
};

struct StreamSummary {
  // The provider's own end was seen and no error was reported.
  bool complete = false;
  FinishReason finish_reason = FinishReason::none;
  std::optional<Usage> usage;
  // Why it is not complete: provider_incomplete (it just ended), provider_malformed, or what the
  // provider reported, its own words in `cause`. Nothing when complete.
  std::optional<Problem> problem;
};

}  // namespace fabula::llm
