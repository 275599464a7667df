// Reads one chunk of an OpenAI-compatible stream in two ways: a scanner handles the usual shapes in
// one pass, everything else goes through the full parser. Both give the same result; a differential
// test compares them.
#pragma once

#include <string_view>

#include "shared/llm/stream/stream_chunk.hpp"

namespace fabula::llm {

// False when the chunk is unusual, which includes any with tool calls; `chunk` is then unspecified.
// `chunk` must be clear, and its only_contents is a view into `json`.
bool read_usual_openai_chunk(std::string_view json, StreamChunk& chunk);

// Reads any chunk; sets `problem` if it is no JSON object. `chunk` must be clear.
void read_any_openai_chunk(std::string_view json, StreamChunk& chunk);

// Reads a whole answer, whose choices have a `message` where chunks have a `delta`; sets is_last
// for such an answer. `chunk` must be clear.
void read_openai_answer(std::string_view json, StreamChunk& chunk);

}  // namespace fabula::llm
