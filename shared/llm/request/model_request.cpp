#include "shared/llm/request/model_request.hpp"

#include <array>
#include <cstddef>

#include "shared/json/scanner.hpp"
#include "shared/llm/request/anthropic_request.hpp"
#include "shared/llm/request/gemini_request.hpp"
#include "shared/llm/request/openai_request.hpp"
#include "shared/llm/request/request_parts.hpp"

namespace fabula::llm {

Result<std::string> build_request(const Provider& provider, const ModelRequest& request) {
  if (!request.response_schema.empty() && !json::is_valid(request.response_schema)) {
    return problem(ErrorCode::internal_error, "The answer's form is not known. Try again.",
                   "the response schema is not JSON");
  }
  // In the order of WireFormat.
  constexpr std::array kWriters = {&write_openai_request, &write_anthropic_request,
                                   &write_gemini_request};
  std::string body;
  body.reserve(expected_bytes(provider.format, request));
  const auto write = kWriters[static_cast<std::size_t>(provider.format)];
  const auto fault = write(body, provider, request);
  if (!fault.empty()) {
    return problem(ErrorCode::internal_error, "The conversation could not be read. Try again.",
                   fault);
  }
  return body;
}

}  // namespace fabula::llm
