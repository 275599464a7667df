#include "shared/llm/stream/openai_stream.hpp"

#include "shared/llm/stream/openai_chunk.hpp"

namespace fabula::llm {

void OpenAiStream::read_chunk(const sse::Event& event, StreamChunk& chunk) {
  if (read_usual_openai_chunk(event.data, chunk)) return;
  chunk.clear();
  read_any_openai_chunk(event.data, chunk);
}

void OpenAiStream::read_answer(std::string_view json, StreamChunk& chunk) {
  read_openai_answer(json, chunk);
}

}  // namespace fabula::llm
