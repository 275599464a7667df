// OpenAI-compatible chat completions: POST /chat/completions. Called through build_request, which
// says what fails.
#pragma once

#include <string>

#include "shared/llm/model_request.hpp"

namespace fabula::llm {

Result<std::string> build_openai_request(const Provider& provider, const ModelRequest& request);

}  // namespace fabula::llm
