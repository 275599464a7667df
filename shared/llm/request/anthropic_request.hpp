// Anthropic Messages: POST /messages. Called through build_request.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/request/model_request.hpp"

namespace fabula::llm {

// Appends the body. Returns the fault of the conversation, for the log, or "".
std::string_view write_anthropic_request(std::string& body, const Provider& provider,
                                         const ModelRequest& request);

}  // namespace fabula::llm
