#include "shared/llm/stream/stream.hpp"

#include <array>

namespace fabula::llm {
namespace {

struct Word {
  std::string_view word;
  FinishReason reason;
};

constexpr std::array kWords = {
    Word{"stop", FinishReason::stop},
    Word{"end_turn", FinishReason::stop},
    Word{"stop_sequence", FinishReason::stop},
    Word{"STOP", FinishReason::stop},
    Word{"length", FinishReason::length},
    Word{"max_tokens", FinishReason::length},
    Word{"MAX_TOKENS", FinishReason::length},
    Word{"model_context_window_exceeded", FinishReason::length},
    Word{"model_length", FinishReason::length},
    Word{"max_output_tokens", FinishReason::length},
    Word{"tool_calls", FinishReason::tool_calls},
    Word{"function_call", FinishReason::tool_calls},
    Word{"tool_use", FinishReason::tool_calls},
    Word{"content_filter", FinishReason::content_filter},
    Word{"SAFETY", FinishReason::content_filter},
    Word{"RECITATION", FinishReason::content_filter},
    Word{"BLOCKLIST", FinishReason::content_filter},
    Word{"PROHIBITED_CONTENT", FinishReason::content_filter},
    Word{"SPII", FinishReason::content_filter},
    Word{"IMAGE_SAFETY", FinishReason::content_filter},
    Word{"MODEL_ARMOR", FinishReason::content_filter},
    Word{"refusal", FinishReason::refusal},
    Word{"error", FinishReason::error},
    Word{"insufficient_system_resource", FinishReason::error},
    Word{"abort", FinishReason::error},
    Word{"", FinishReason::none},
};

}  // namespace

std::string_view name(FinishReason reason) {
  switch (reason) {
    case FinishReason::none:
      return "";
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::tool_calls:
      return "tool_calls";
    case FinishReason::content_filter:
      return "content_filter";
    case FinishReason::refusal:
      return "refusal";
    case FinishReason::error:
      return "error";
    case FinishReason::other:
      return "other";
  }
  return "";
}

FinishReason finish_reason_named(std::string_view provider_word) {
  for (const auto& [word, reason] : kWords) {
    if (word == provider_word) return reason;
  }
  return FinishReason::other;
}

}  // namespace fabula::llm
