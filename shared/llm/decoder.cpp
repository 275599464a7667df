#include "shared/llm/decoder.hpp"

#include "shared/llm/anthropic_stream.hpp"
#include "shared/llm/gemini_stream.hpp"
#include "shared/llm/openai_stream.hpp"

namespace fabula::llm {

std::unique_ptr<StreamDecoder> make_decoder(WireFormat format) {
  switch (format) {
    case WireFormat::anthropic:
      return std::make_unique<AnthropicStream>();
    case WireFormat::gemini:
      return std::make_unique<GeminiStream>();
    case WireFormat::openai:
      break;
  }
  return std::make_unique<OpenAiStream>();
}

}  // namespace fabula::llm
