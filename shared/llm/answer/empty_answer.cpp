#include "shared/llm/answer/empty_answer.hpp"

namespace fabula::llm {

Problem empty_answer(const StreamSummary& summary, bool has_reasoned) {
  const bool is_thought = has_reasoned || (summary.usage && summary.usage->reasoning_tokens > 0);
  switch (summary.finish_reason) {
    case FinishReason::content_filter:
      return {ErrorCode::provider_refused_request,
              "The model's provider blocked the request or the whole answer because of its rules "
              "about content. Change the text, or choose another model.",
              "an empty answer: content_filter"};
    case FinishReason::refusal:
      return {ErrorCode::provider_refused_request,
              "The model refused to answer. Change the text, or choose another model.",
              "an empty answer: refusal"};
    case FinishReason::length:
      if (!is_thought) break;
      return {ErrorCode::provider_incomplete,
              "The model used all the tokens of its answer for reasoning and wrote nothing. Try "
              "again; if it happens often, whoever runs the server must raise "
              "FABULA_MAX_OUTPUT_TOKENS or choose another model.",
              "an empty answer: length, all of it reasoning"};
    case FinishReason::tool_calls:
      return {ErrorCode::provider_incomplete,
              "The model called its tools until their limit and wrote no answer. Try again, or "
              "choose another model.",
              "an empty answer: tool_calls"};
    default:
      break;
  }
  if (is_thought) {
    return {ErrorCode::provider_incomplete,
            "The model only reasoned and wrote no answer. Try again.",
            "an empty answer: only reasoning"};
  }
  return {ErrorCode::provider_incomplete, "The model answered without a word. Try again.",
          "an empty answer"};
}

}  // namespace fabula::llm
