// The body of a streaming chat completions request. The conversation is spliced in as the JSON text
// that the database made: it is checked in one pass and never becomes a document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/providers.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct OpenAiRequest {
  std::string_view model;
  std::string_view system_prompt;        // "": no such message
  std::string_view history_json = "[]";  // array of {"role": ..., "content": ...}
  std::string_view user_text;            // "": the history ends with the user's message
  std::optional<int> maximum_output_tokens;
  // 70 is 0.7. Left out for models that take only their own default.
  std::optional<int> temperature_hundredths;
};

// Fails (internal_error) only when history_json is not an array of objects.
Result<std::string> build_openai_request(const Provider& provider, const OpenAiRequest& request);

}  // namespace fabula::llm
