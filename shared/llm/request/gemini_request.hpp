// Gemini: POST /models/{model}:streamGenerateContent, or :generateContent. Called through
// build_request, which documents the errors.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/request/model_request.hpp"

namespace fabula::llm {

// Appends the body. Returns the fault of the conversation, for the log, or "".
std::string_view write_gemini_request(std::string& body, const Provider& provider,
                                      const ModelRequest& request);

}  // namespace fabula::llm
