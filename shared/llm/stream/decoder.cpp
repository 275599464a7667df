#include "shared/llm/stream/decoder.hpp"

#include "shared/llm/stream/anthropic_stream.hpp"
#include "shared/llm/stream/gemini_stream.hpp"
#include "shared/llm/stream/openai_stream.hpp"

namespace fabula::llm {

std::unique_ptr<StreamDecoder> make_decoder(WireFormat format, std::size_t maximum_event_bytes) {
  switch (format) {
    case WireFormat::anthropic:
      return std::make_unique<AnthropicStream>(maximum_event_bytes);
    case WireFormat::gemini:
      return std::make_unique<GeminiStream>(maximum_event_bytes);
    case WireFormat::openai:
      break;
  }
  return std::make_unique<OpenAiStream>(maximum_event_bytes);
}

}  // namespace fabula::llm
