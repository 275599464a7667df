#include "shared/llm/model_request.hpp"

#include "shared/json/scanner.hpp"
#include "shared/llm/anthropic_request.hpp"
#include "shared/llm/gemini_request.hpp"
#include "shared/llm/openai_request.hpp"

namespace fabula::llm {

Result<std::string> build_request(const Provider& provider, const ModelRequest& request) {
  if (!request.response_schema.empty() && !json::is_valid(request.response_schema)) {
    return problem(ErrorCode::internal_error, "The answer's form is not known. Try again.",
                   "the response schema is not JSON");
  }
  switch (provider.format) {
    case WireFormat::anthropic:
      return build_anthropic_request(provider, request);
    case WireFormat::gemini:
      return build_gemini_request(provider, request);
    case WireFormat::openai:
      break;
  }
  return build_openai_request(provider, request);
}

}  // namespace fabula::llm
