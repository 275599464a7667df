#include "shared/llm/stream/stream_chunk.hpp"

namespace fabula::llm {

void StreamChunk::clear() {
  text.clear();
  reasoning.clear();
  tool_calls.clear();
  has_lone_surrogates = false;
  finish_reason = FinishReason::none;
  usage.reset();
  problem.reset();
  is_last = false;
  only_contents = {};
  ignored_contents = {};
}

}  // namespace fabula::llm
