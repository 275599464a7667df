// Gemini: POST /models/{model}:streamGenerateContent, or :generateContent. Called through
// build_request, which says what fails.
#pragma once

#include <string>

#include "shared/llm/model_request.hpp"

namespace fabula::llm {

Result<std::string> build_gemini_request(const Provider& provider, const ModelRequest& request);

}  // namespace fabula::llm
